package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/smtptest"
)

// A world is two authorities, one of which is believed.
type world struct {
	dir          string
	ours, theirs *smtptest.Authority
	ca, crl      string
}

func newWorld(t *testing.T) *world {
	w := &world{dir: t.TempDir(), ours: smtptest.NewAuthority(t, "ours"), theirs: smtptest.NewAuthority(t, "theirs")}
	w.ca, w.crl = filepath.Join(w.dir, "ca.pem"), filepath.Join(w.dir, "crl.pem")
	write(t, w.ca, w.ours.PEM())
	return w
}

// usage is a client's certificate with other usages than it should have.
func (w *world) usage(usages ...x509.ExtKeyUsage) tls.Certificate {
	return w.ours.Issue(&x509.Certificate{Subject: pkix.Name{CommonName: "client"}, ExtKeyUsage: usages})
}

// dated is a client's certificate that is good from one time to the other.
func (w *world) dated(from, to time.Duration) tls.Certificate {
	return w.ours.Issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "client"},
		NotBefore:   time.Now().Add(from),
		NotAfter:    time.Now().Add(to),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

// wantVerdict wants an error with these words, or none.
func wantVerdict(t *testing.T, name string, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("%s: got error %v, want %q", name, err, want)
	}
}

func TestVerify(t *testing.T) {
	w := newWorld(t)
	sub := w.ours.Sub("sub")
	deep := sub.Client("deep")
	deep.Certificate = append(deep.Certificate, sub.Cert.Raw)
	tests := []struct {
		name  string
		cert  tls.Certificate
		depth int
		want  string
	}{
		{"good", w.ours.Client("client"), 1, ""},
		{"expired", w.dated(-2*time.Hour, -time.Hour), 1, "expired"},
		{"not yet", w.dated(time.Hour, 2*time.Hour), 1, "not yet valid"},
		{"another authority", w.theirs.Client("client"), 1, "unknown authority"},
		{"for servers", w.usage(x509.ExtKeyUsageServerAuth), 1, "clientAuth"},
		{"for nothing named", w.usage(), 1, "clientAuth"},
		{"for anything", w.usage(x509.ExtKeyUsageAny), 1, ""},
		{"two authorities", deep, 2, ""},
		{"two, and one is allowed", deep, 1, "2 authorities above it, 1 are allowed"},
		{"no limit", deep, 0, ""},
	}
	for _, test := range tests {
		a := &Authorities{File: w.ca, Depth: test.depth}
		wantVerdict(t, test.name, a.Verify(chain(t, test.cert), time.Now()), test.want)
	}
}

// chain is what a client with that certificate shows.
func chain(t *testing.T, c tls.Certificate) (shown []*x509.Certificate) {
	t.Helper()
	for _, der := range c.Certificate {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, cert)
	}
	return shown
}

// versionOneList is a list as openssl makes it when no crlnumber is set.
func versionOneList(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/v1.crl")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRevocation(t *testing.T) {
	w := newWorld(t)
	client, bad := w.ours.Client("client"), w.ours.Client("bad")
	tomorrow, yesterday := time.Now().Add(24*time.Hour), time.Now().Add(-24*time.Hour)
	good := w.ours.CRL(tomorrow, bad)
	tests := []struct {
		name string
		crl  []byte // nil: no file
		cert tls.Certificate
		want string
	}{
		{"not revoked", good, client, ""},
		{"revoked", good, bad, "was revoked on"},
		{"no list", nil, client, "no such file"},
		{"out of date", w.ours.CRL(yesterday), client, "out of date"},
		{"of the future", w.ours.CRL(tomorrow.Add(72 * time.Hour)), client, "good only from"},
		{"of another authority", w.theirs.CRL(tomorrow), client, "no revocation list of CN=ours"},
		{"two lists", append(w.theirs.CRL(tomorrow), good...), bad, "was revoked on"},
		{"newer list", append(w.ours.CRL(tomorrow.Add(-time.Hour)), good...), bad, "was revoked on"},
		{"not a list", []byte("text"), client, "no X509 CRL"},
		{"version 1", versionOneList(t), client, "version 1; have your authority make version 2"},
		{"damaged", []byte("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"), client, "revocation list: "},
	}
	for _, test := range tests {
		os.Remove(w.crl)
		if test.crl != nil {
			write(t, w.crl, test.crl)
		}
		a := &Authorities{File: w.ca, CRL: w.crl}
		wantVerdict(t, test.name, a.Verify(chain(t, test.cert), time.Now()), test.want)
	}
	write(t, w.crl, w.ours.CRL(yesterday))
	wantVerdict(t, "check", (&Authorities{File: w.ca, CRL: w.crl}).Check(time.Now()), "out of date since")
	os.Remove(w.crl)
	a := &Authorities{File: w.ca, CRL: w.crl, CRLOptional: true}
	wantVerdict(t, "optional", a.Verify(chain(t, bad), time.Now()), "")
	write(t, w.crl, good)
	wantVerdict(t, "a list appears", a.Verify(chain(t, bad), time.Now()), "was revoked on")
}

// An authority between that was revoked takes with it what it signed.
func TestRevokedAuthority(t *testing.T) {
	w := newWorld(t)
	sub := w.ours.Sub("sub")
	deep := sub.Client("deep")
	deep.Certificate = append(deep.Certificate, sub.Cert.Raw)
	tomorrow := time.Now().Add(24 * time.Hour)
	a := &Authorities{File: w.ca, CRL: w.crl}
	write(t, w.crl, sub.CRL(tomorrow))
	wantVerdict(t, "no list of the upper one", a.Verify(chain(t, deep), time.Now()), "no revocation list of CN=ours")
	write(t, w.crl, append(sub.CRL(tomorrow), w.ours.CRL(tomorrow)...))
	wantVerdict(t, "both lists", a.Verify(chain(t, deep), time.Now()), "")
	write(t, w.crl, append(sub.CRL(tomorrow), w.ours.CRL(tomorrow, tls.Certificate{Leaf: sub.Cert})...))
	wantVerdict(t, "revoked", a.Verify(chain(t, deep), time.Now()), "CN=sub was revoked")
}

func TestAuthorities(t *testing.T) {
	w := newWorld(t)
	folder := filepath.Join(w.dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	client := chain(t, w.ours.Client("client"))
	empty := filepath.Join(w.dir, "empty.pem")
	write(t, empty, []byte("no certificate\n"))
	tests := []struct {
		name string
		a    *Authorities
		want string
	}{
		{"nobody", nil, "no authorities are named"},
		{"no names", &Authorities{}, "no authorities are named"},
		{"no file", &Authorities{File: w.dir + "/none"}, "there is no "},
		{"nothing in it", &Authorities{File: empty}, "no certificate in"},
		{"empty folder", &Authorities{Dir: folder}, "there is no "},
		{"file, and no folder", &Authorities{File: w.ca, Dir: w.dir + "/none"}, ""},
	}
	for _, test := range tests {
		wantVerdict(t, test.name, test.a.Verify(client, time.Now()), test.want)
	}
	write(t, filepath.Join(folder, "README"), []byte("text"))
	write(t, filepath.Join(folder, "ours.pem"), w.ours.PEM())
	os.Symlink("nowhere", filepath.Join(folder, "dangling"))
	a := &Authorities{Dir: folder}
	wantVerdict(t, "folder", a.Verify(client, time.Now()), "")
	wantVerdict(t, "no certificate", a.Verify(nil, time.Now()), "the client has no certificate")
}

// Whoever an authority vouched for is a stranger when it is believed no more.
func TestAuthorityIsReplaced(t *testing.T) {
	w := newWorld(t)
	a := &Authorities{File: w.ca}
	client := chain(t, w.ours.Client("client"))
	wantVerdict(t, "believed", a.Verify(client, time.Now()), "")
	os.Chmod(w.ca, 0o666)
	wantVerdict(t, "anybody may write it", (&Authorities{File: w.ca}).Verify(client, time.Now()), "others may write it")
	os.Chmod(w.ca, 0o600)
	write(t, w.ca, append(w.theirs.PEM(), '\n'))
	wantVerdict(t, "replaced", a.Verify(client, time.Now()), "unknown authority")
	write(t, w.ca, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	wantVerdict(t, "damaged", a.Verify(client, time.Now()), "ca.pem: ")
	if err := os.Remove(w.ca); err != nil {
		t.Fatal(err)
	}
	wantVerdict(t, "removed", a.Verify(client, time.Now()), "there is no ")
}

func TestSystemsAuthoritiesAreRefused(t *testing.T) {
	const list = "/etc/ssl/certs/ca-certificates.crt"
	if _, err := os.Stat(list); err != nil {
		t.Skip(err)
	}
	link := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.Symlink(list, link); err != nil {
		t.Fatal(err)
	}
	for _, a := range []*Authorities{{File: list}, {File: link}, {Dir: "/etc/ssl/certs"}} {
		wantVerdict(t, a.File+a.Dir, a.Check(time.Now()), "is the system's list")
	}
}
