package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

// maxPEM bounds a certificate or key file, in octets: a chain of ten RSA
// certificates is a tenth of it.
const maxPEM = 256 << 10

// Options say what a server shows to its clients.
type Options struct {
	Cert    string // PEM file: the certificate, then its chain
	Key     string // PEM file of the private key; "" when Cert holds it too
	Tickets bool   // resume sessions; of use only to a process that serves many
}

// ServerCerts is a server's certificate and the settings made from it. Nothing
// is read before the first Config. It may be used by many goroutines.
type ServerCerts struct {
	options Options

	mu     sync.Mutex
	config *tls.Config
	stamps [2]stamp // of Cert and Key, when config was made
}

// stamp tells a file from its successor of the same name.
type stamp struct {
	modified time.Time
	size     int64
	info     fs.FileInfo
}

// Server returns the certificate that o names, unread.
func Server(o Options) *ServerCerts {
	if o.Key == "" {
		o.Key = o.Cert
	}
	return &ServerCerts{options: o}
}

// Config returns the settings for the server's side of a handshake. The files
// are read the first time, and again when one of them was changed or replaced;
// while a new pair cannot be used (half of it written, say) the last good one
// goes on being shown, with no error. The settings are shared: clone them
// before changing any.
func (s *ServerCerts) Config() (*tls.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stamps, err := s.look()
	if err == nil && s.config != nil && s.same(stamps) {
		return s.config, nil
	}
	var config *tls.Config
	if err == nil {
		config, err = s.options.load()
	}
	if err != nil {
		if s.config != nil {
			return s.config, nil
		}
		return nil, err
	}
	s.config, s.stamps = config, stamps
	return config, nil
}

// Present reports whether the files are there, without reading them: enough
// to offer STARTTLS, at the price of a look.
func (s *ServerCerts) Present() bool {
	if s.options.Cert == "" {
		return false
	}
	_, err := os.Stat(s.options.Cert)
	if err == nil && s.options.Key != s.options.Cert {
		_, err = os.Stat(s.options.Key)
	}
	return err == nil
}

// Check reads the files now and says what is wrong with them: unreadable, not
// a pair, or a certificate whose time is over or has not come. The last of
// these are of class *TimeError; Config accepts such a certificate, since a
// client that does not verify does not mind.
func (s *ServerCerts) Check(now time.Time) error {
	config, err := s.options.load()
	if err != nil {
		return err
	}
	leaf := config.Certificates[0].Leaf
	if now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
		return &TimeError{File: s.options.Cert, Certificate: leaf}
	}
	return nil
}

// TimeError is a certificate outside its time.
type TimeError struct {
	File        string
	Certificate *x509.Certificate
}

// Error gives both ends of the certificate's time, in UTC.
func (e *TimeError) Error() string {
	return fmt.Sprintf("certificate %s: valid only from %s to %s", e.File,
		e.Certificate.NotBefore.UTC().Format(time.DateTime), e.Certificate.NotAfter.UTC().Format(time.DateTime))
}

// look returns the stamps of both files as they are now.
func (s *ServerCerts) look() (stamps [2]stamp, err error) {
	for i, name := range [2]string{s.options.Cert, s.options.Key} {
		info, err := os.Stat(name)
		if err != nil {
			return stamps, pemError(name, err)
		}
		stamps[i] = stamp{info.ModTime(), info.Size(), info}
	}
	return stamps, nil
}

// same reports whether the files are those that config was made from.
func (s *ServerCerts) same(now [2]stamp) bool {
	for i, was := range s.stamps {
		if !was.modified.Equal(now[i].modified) || was.size != now[i].size || !os.SameFile(was.info, now[i].info) {
			return false
		}
	}
	return true
}

// load reads the files and makes the settings.
func (o Options) load() (*tls.Config, error) {
	cert, err := readPEM(o.Cert)
	if err != nil {
		return nil, err
	}
	key := cert
	if o.Key != o.Cert {
		if key, err = readPEM(o.Key); err != nil {
			return nil, err
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", o.Cert, o.Key, err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   MinVersion,
		// A ticket is of no use when the process that could read it ends
		// with the session.
		SessionTicketsDisabled: !o.Tickets,
	}, nil
}

// readPEM reads a file of at most maxPEM octets.
func readPEM(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, pemError(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	if err == nil && len(data) > maxPEM {
		err = fmt.Errorf("more than %d octets", maxPEM)
	}
	if err != nil {
		return nil, pemError(name, err)
	}
	return data, nil
}

// pemError says which file, once, and what is to be done about one that may
// not be read.
func pemError(name string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("certificate or key: %w (let the server's group read it)", err)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("certificate or key: %w", err)
	}
	return fmt.Errorf("certificate or key: %s: %w", name, err)
}
