package tlsconf

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// maxPEM bounds a certificate or key file, in octets: a chain of ten RSA
// certificates is a tenth of it.
const maxPEM = 256 << 10

// Pair is a certificate and its private key.
type Pair struct {
	Cert string // PEM file: the certificate, then its chain
	Key  string // PEM file of the private key; "" when Cert holds it too
}

// separate says whether the key has a file of its own.
func (p Pair) separate() bool { return p.Key != "" && p.Key != p.Cert }

// load reads the pair.
func (p Pair) load() (tls.Certificate, error) {
	cert, err := readPEM(p.Cert, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, file := cert, p.Cert
	if p.separate() {
		file = p.Key
		if key, err = readPEM(p.Key, maxPEM); err != nil {
			return tls.Certificate{}, err
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("certificate %s with key %s: %w", p.Cert, file, err)
	}
	return pair, nil
}

// readPEM reads a file of at most limit octets.
func readPEM(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, pemError(name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("more than %d octets", limit)
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

// stamp tells a file from its successor of the same name. That of a missing
// file is zero.
type stamp struct {
	modified time.Time
	size     int64
	info     fs.FileInfo
}

func stampOf(name string) stamp {
	info, err := os.Stat(name)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size(), info}
}

// sameStamps reports whether the files are those that they were.
func sameStamps(a, b []stamp) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if (a[i].info == nil) != (b[i].info == nil) {
			return false
		}
		if a[i].info != nil && (!a[i].modified.Equal(b[i].modified) || a[i].size != b[i].size || !os.SameFile(a[i].info, b[i].info)) {
			return false
		}
	}
	return true
}
