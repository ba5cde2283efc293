package tlsconf

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Bounds on what is read of authorities.
const (
	maxAuthorities = 256      // certificates
	maxCRL         = 32 << 20 // octets of the file of revocation lists
)

// Authorities are who vouches for clients: certificates of authorities that
// the administrator named, never the system's, which sign for anyone, and the
// lists of what they have revoked. Nothing is read before it is needed; files
// that change are read again. A nil *Authorities vouches for nobody.
type Authorities struct {
	File string // PEM file of certificates; "" for none
	Dir  string // folder of such files; "" for none
	// CRL is a PEM file with a revocation list of each authority; "" for
	// none. With lists, a certificate whose authority has none that is in
	// date is not believed.
	CRL string
	// CRLOptional has a missing file mean that nothing is revoked.
	CRLOptional bool
	// Depth is how many certificates there may be above the client's own;
	// 0 for no limit.
	Depth int

	mu     sync.Mutex
	trust  *trust
	stamps []stamp
}

// trust is what the files of Authorities hold.
type trust struct {
	roots *x509.CertPool
	lists []*x509.RevocationList
	crl   bool // lists are obeyed
}

// Present reports whether there is a file of authorities, without reading it.
func (a *Authorities) Present() bool {
	return a != nil && (stampOf(a.File).info != nil || stampOf(a.Dir).info != nil)
}

// Check reads all files now and says what is wrong with them, revocation
// lists out of date among it.
func (a *Authorities) Check(now time.Time) error {
	t, err := a.load()
	if err != nil {
		return err
	}
	var errs []error
	for _, list := range t.lists {
		errs = append(errs, usable(list, now))
	}
	return errors.Join(errs...)
}

// Verify decides whether a client is who the certificates that it showed, its
// own first, say it is: an authority vouches for them, their time has come and
// is not over, they are for clients (the usage clientAuth), and none is
// revoked. When that cannot be known (no authorities, a revocation list that
// cannot be read or is out of date), it is not so. The error is for the log.
func (a *Authorities) Verify(shown []*x509.Certificate, now time.Time) error {
	if len(shown) == 0 {
		return errors.New("the client has no certificate")
	}
	t, err := a.load()
	if err != nil {
		return err
	}
	if !forClients(shown[0]) {
		return errors.New("client certificate: not for clients (no usage clientAuth)")
	}
	options := x509.VerifyOptions{
		Roots:         t.roots,
		Intermediates: x509.NewCertPool(),
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, c := range shown[1:] {
		options.Intermediates.AddCert(c)
	}
	chains, err := shown[0].Verify(options)
	if err != nil {
		return fmt.Errorf("client certificate: %w", err)
	}
	return a.anyChain(t, chains, now)
}

// anyChain wants one chain that is short enough and has nothing revoked.
func (a *Authorities) anyChain(t *trust, chains [][]*x509.Certificate, now time.Time) (err error) {
	for _, chain := range chains {
		if a.Depth > 0 && len(chain)-1 > a.Depth {
			err = fmt.Errorf("client certificate: %d authorities above it, %d are allowed", len(chain)-1, a.Depth)
			continue
		}
		if err = t.revoked(chain, now); err == nil {
			return nil
		}
	}
	return err
}

// forClients says whether a certificate has the usage clientAuth. One that
// has no usages at all was not made to prove who a client is.
func forClients(c *x509.Certificate) bool {
	return slices.ContainsFunc(c.ExtKeyUsage, func(u x509.ExtKeyUsage) bool {
		return u == x509.ExtKeyUsageClientAuth || u == x509.ExtKeyUsageAny
	})
}

// load gives what the files hold now.
func (a *Authorities) load() (*trust, error) {
	if a == nil || a.File == "" && a.Dir == "" {
		return nil, errors.New("no authorities are named that could vouch for clients")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	stamps := []stamp{stampOf(a.File), stampOf(a.Dir), stampOf(a.CRL)}
	if a.trust != nil && sameStamps(stamps, a.stamps) {
		return a.trust, nil
	}
	t, err := a.read()
	if err != nil {
		a.trust = nil // who was believed by the old files is not any more
		return nil, err
	}
	a.trust, a.stamps = t, stamps
	return t, nil
}

// read reads the files.
func (a *Authorities) read() (*trust, error) {
	files, err := a.files()
	if err != nil {
		return nil, err
	}
	t := &trust{roots: x509.NewCertPool()}
	n := 0
	for _, name := range files {
		certs, err := readAuthorities(name)
		if err != nil {
			return nil, err
		}
		for _, c := range certs {
			t.roots.AddCert(c)
		}
		if n += len(certs); n > maxAuthorities {
			return nil, fmt.Errorf("authorities: more than %d certificates", maxAuthorities)
		}
	}
	if n == 0 {
		return nil, fmt.Errorf("authorities: no certificate in %s%s", a.File, a.Dir)
	}
	t.lists, t.crl, err = a.readLists()
	return t, err
}

// files are the files of certificates. A File or Dir that is not there is no
// error when the other one is.
func (a *Authorities) files() (files []string, err error) {
	for _, name := range []string{a.File, a.Dir} {
		info := stampOf(name).info
		switch {
		case info == nil:
			continue
		case ofSystem(info):
			return nil, fmt.Errorf("authorities: %s is the system's list, whose authorities sign for anyone; name your own", name)
		case !info.IsDir():
			files = append(files, name)
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, fmt.Errorf("authorities: %w", err)
		}
		for _, e := range entries {
			path := filepath.Join(name, e.Name())
			if info := stampOf(path).info; info != nil && info.Mode().IsRegular() {
				files = append(files, path)
			}
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("authorities: there is no %s%s", a.File, a.Dir)
	}
	return files, nil
}

// readAuthorities reads the certificates of a PEM file. Other blocks, and text
// between them, are passed over; files in a folder may be of other kinds.
func readAuthorities(name string) (certs []*x509.Certificate, err error) {
	data, err := readPEM("authorities", name, maxPEM)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("authorities: %s: %w", name, err)
		}
		certs = append(certs, c)
	}
	return certs, nil
}

// ofSystem says whether a file or folder is where a system keeps the
// authorities that everybody trusts.
func ofSystem(info os.FileInfo) bool {
	for _, name := range [...]string{
		"/etc/ssl/certs", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
		"/etc/pki/tls/certs", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/usr/share/ca-certificates/mozilla",
		"/usr/local/share/certs", "/usr/local/share/certs/ca-root-nss.crt", "/usr/local/etc/ssl/cert.pem",
		"/etc/openssl/certs", "/etc/openssl/certs/ca-certificates.crt", "/var/lib/ca-certificates/ca-bundle.pem",
	} {
		if known := stampOf(name).info; known != nil && os.SameFile(info, known) {
			return true
		}
	}
	return false
}
