package tlsconf

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"postern/lib/safefile"
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
	cert, err := readPEM("certificate", p.Cert, maxPEM)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, file := cert, p.Cert
	if p.separate() {
		file = p.Key
		if key, err = readPEM("key", p.Key, maxPEM); err != nil {
			return tls.Certificate{}, err
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("certificate %s with key %s: %w", p.Cert, file, err)
	}
	return pair, nil
}

// readPEM reads a file of at most limit octets that not everybody may write.
// what is in it stands in front of the error.
func readPEM(what, name string, limit int64) ([]byte, error) {
	f, err := safefile.OpenConfig(name)
	if err == nil {
		defer f.Close()
		var data []byte
		if data, _, err = safefile.ReadTrusted(f, limit, 0o002); err == nil {
			return data, nil
		}
	}
	return nil, pemError(what, err)
}

// pemError says what is to be done about a file that may not be read.
func pemError(what string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s: %w (let the server's group read it)", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
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
