package tlsconf

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/smtptest"
)

// settings are what a server with these options answers with.
func settings(t *testing.T, o Options) *tls.Config {
	t.Helper()
	config, err := Server(o).Config(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func TestNamesPickCertificates(t *testing.T) {
	dir := t.TempDir()
	authority := smtptest.NewAuthority(t, "authority")
	var o Options
	for _, name := range []string{"one.example", "two.example", "*.three.example"} {
		cert, key := smtptest.WritePair(t, dir, strings.TrimPrefix(name, "*."), authority.Server(name))
		o.Pairs = append(o.Pairs, Pair{cert, key})
	}
	server := settings(t, o)
	tests := []struct{ asked, want string }{
		{"", "one.example"},
		{"one.example", "one.example"},
		{"TWO.example", "two.example"},
		{"mx.three.example", "*.three.example"},
		{"four.example", "one.example"},
	}
	for _, test := range tests {
		state, err := shake(t, server, Policy{ServerName: test.asked}.Config())
		if err != nil {
			t.Fatalf("%s: %v", test.asked, err)
		}
		if got := state.PeerCertificates[0].Subject.CommonName; got != test.want {
			t.Errorf("%q: got the certificate of %s, want %s", test.asked, got, test.want)
		}
	}
}

// A pair that cannot be read is missed, and the others are shown.
func TestBrokenPairIsMissed(t *testing.T) {
	cert, key := writePair(t, t.TempDir(), "mx.example", time.Now())
	s := Server(Options{Pairs: []Pair{{"/nowhere/cert.pem", ""}, {cert, key}}})
	config, err := s.Config(time.Now())
	if config == nil || len(config.Certificates) != 1 {
		t.Fatalf("got %v", config)
	}
	if err == nil || !strings.Contains(err.Error(), "/nowhere/cert.pem") {
		t.Errorf("error %v does not name the file", err)
	}
}

func TestMinVersion(t *testing.T) {
	cert, key := writePair(t, t.TempDir(), "mx.example", time.Now())
	o := one(cert, key)
	o.MinVersion = tls.VersionTLS13
	client := Policy{}.Config()
	client.MaxVersion = tls.VersionTLS12
	if _, err := shake(t, settings(t, o), client); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.2: got %v", err)
	}
	o.MinVersion = tls.VersionTLS10
	client.MinVersion, client.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if _, err := shake(t, settings(t, o), client); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("TLS 1.1: got %v", err)
	}
}

// serverSide is what the server thinks of a handshake.
func serverSide(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	a, b := smtptest.Pair(t)
	defer a.Close()
	defer b.Close()
	go func() {
		c := tls.Client(a, client)
		c.Handshake()
		c.Read(make([]byte, 1))
	}()
	b.SetDeadline(time.Now().Add(10 * time.Second))
	c := tls.Server(b, server)
	err := c.Handshake()
	return c.ConnectionState(), err
}

func TestAskAndRequire(t *testing.T) {
	dir := t.TempDir()
	cert, key := writePair(t, dir, "mx.example", time.Now())
	ours, theirs := smtptest.NewAuthority(t, "ours"), smtptest.NewAuthority(t, "theirs")
	ca := filepath.Join(dir, "ca.pem")
	write(t, ca, ours.PEM())
	none := tls.Certificate{}
	good, foreign := ours.Client("good"), theirs.Client("foreign")
	tests := []struct {
		name string
		o    Options
		cert tls.Certificate
		seen int    // certificates of the client
		err  string // of the handshake
	}{
		{"nobody is asked", Options{}, good, 0, ""},
		{"asked for any", Options{Ask: true}, foreign, 1, ""},
		{"asked, since there are authorities", Options{Clients: &Authorities{File: ca}}, good, 1, ""},
		{"asked, and has none", Options{Clients: &Authorities{File: ca}}, none, 0, ""},
		{"no authorities in the file", Options{Clients: &Authorities{File: dir + "/none"}}, good, 0, ""},
		{"required", Options{Require: true, Clients: &Authorities{File: ca}}, good, 1, ""},
		{"required, and has none", Options{Require: true, Clients: &Authorities{File: ca}}, none, 0, "didn't provide a certificate"},
		{"required, and has another", Options{Require: true, Clients: &Authorities{File: ca}}, foreign, 0, "unknown authority"},
	}
	for _, test := range tests {
		test.o.Pairs = []Pair{{cert, key}}
		client := Policy{}.Config()
		client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &test.cert, nil }
		state, err := serverSide(t, settings(t, test.o), client)
		switch {
		case test.err == "" && err != nil, test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s: got error %v, want %q", test.name, err, test.err)
		case err == nil && len(state.PeerCertificates) != test.seen:
			t.Errorf("%s: saw %d certificates, want %d", test.name, len(state.PeerCertificates), test.seen)
		}
	}
	for _, o := range []Options{{Require: true}, {Require: true, Clients: &Authorities{File: dir + "/none"}}} {
		o.Pairs = []Pair{{cert, key}}
		if config, err := Server(o).Config(time.Now()); config != nil || err == nil {
			t.Errorf("required without authorities: got %v, %v", config, err)
		}
	}
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDescribeClient(t *testing.T) {
	authority := smtptest.NewAuthority(t, "")
	leaf := authority.Client("Client").Leaf
	got := DescribeClient(leaf)
	if got.Subject != "Client" || got.Issuer != "" || len(got.Fingerprint) != 95 || len(got.KeyFingerprint) != 95 || got.Fingerprint == got.KeyFingerprint {
		t.Errorf("got %+v", got)
	}
	leaf.Issuer.Organization = []string{"Org"}
	if got := DescribeClient(leaf); got.Issuer != "Org" {
		t.Errorf("the issuer is %q", got.Issuer)
	}
}

// Sessions side by side get settings while certificates are renewed and keys
// are made; each gets a pair that fits.
func TestSettingsWhileRenewing(t *testing.T) {
	dir := t.TempDir()
	cert, key := writePair(t, dir, "mx.example", time.Now())
	ca := filepath.Join(dir, "ca.pem")
	write(t, ca, smtptest.NewAuthority(t, "ours").PEM())
	o := one(cert, key)
	o.Clients = &Authorities{File: ca}
	o.Tickets = &TicketKeys{Path: filepath.Join(dir, "tickets"), Life: time.Hour}
	s := Server(o)
	start := time.Now()
	if _, err := s.Config(start); err != nil {
		t.Fatal(err)
	}
	var sessions sync.WaitGroup
	for i := range 8 {
		sessions.Go(func() {
			for j := range 20 {
				config, err := s.Config(start.Add(time.Duration(i*20+j) * time.Minute))
				if err != nil || len(config.Certificates) != 1 {
					t.Errorf("settings %v, %v", config, err)
				}
			}
		})
	}
	for range 10 {
		writePair(t, dir, "mx.example", time.Now())
	}
	sessions.Wait()
}
