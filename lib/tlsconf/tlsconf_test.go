package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writePair writes a new pair for name into dir and returns both file names.
func writePair(t *testing.T, dir, name string, made time.Time) (cert, key string) {
	t.Helper()
	certPEM, keyPEM, err := SelfSigned(made, name)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, data := range map[string][]byte{cert: certPEM, key: keyPEM} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// shake joins both sides over loopback (net.Pipe holds nothing, and two sides
// that write at once would wait for ever) and returns what the client saw.
func shake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		tls.Server(conn, server).Handshake()
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	c := tls.Client(conn, client)
	err = c.Handshake()
	<-done
	return c.ConnectionState(), err
}

// verified is the policy of a client that trusts roots alone.
func verified(name string, roots *x509.CertPool) Policy {
	return Policy{Mode: WebPKI, ServerName: name, Names: []string{name}, Roots: roots}
}

func TestHandshake(t *testing.T) {
	cert, key := writePair(t, t.TempDir(), "mx.example.org", time.Now())
	server, err := Server(one(cert, key)).Config(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	data, _ := os.ReadFile(cert)
	roots.AppendCertsFromPEM(data)
	old := Policy{}.Config()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	tests := []struct {
		name   string
		client *tls.Config
		err    string
	}{
		{"anyone", Policy{ServerName: "other.example"}.Config(), ""},
		{"verified", verified("mx.example.org", roots).Config(), ""},
		{"another name", verified("other.example", roots).Config(), "not other.example"},
		{"unknown authority", verified("mx.example.org", x509.NewCertPool()).Config(), "unknown authority"},
		{"TLS 1.1", old, "protocol version"},
	}
	for _, test := range tests {
		state, err := shake(t, server, test.client)
		if test.err == "" {
			if got := Describe(state); err != nil || got.Version != "TLSv1.3" || got.Bits == 0 {
				t.Errorf("%s: got %v, %v", test.name, got, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: got error %v, want %q", test.name, err, test.err)
		}
	}
}

func TestDescribe(t *testing.T) {
	tests := []struct {
		version, cipher uint16
		want            string
	}{
		{tls.VersionTLS13, tls.TLS_AES_128_GCM_SHA256, "TLSv1.3 TLS_AES_128_GCM_SHA256 (128 bits)"},
		{tls.VersionTLS13, tls.TLS_CHACHA20_POLY1305_SHA256, "TLSv1.3 TLS_CHACHA20_POLY1305_SHA256 (256 bits)"},
		{tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 (256 bits)"},
		{tls.VersionTLS12, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, "TLSv1.2 TLS_RSA_WITH_3DES_EDE_CBC_SHA (168 bits)"},
		{tls.VersionTLS13, 0xeeee, "TLSv1.3 0xEEEE"},
	}
	for _, test := range tests {
		got := Describe(tls.ConnectionState{Version: test.version, CipherSuite: test.cipher}).String()
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestServerRereads(t *testing.T) {
	dir := t.TempDir()
	cert, key := writePair(t, dir, "one.example", time.Now())
	s := Server(one(cert, key))
	first := shown(t, s)
	if again := shown(t, s); again != first {
		t.Error("unchanged files were read again")
	}
	writePair(t, dir, "two.example", time.Now())
	second := shown(t, s)
	if got := second.DNSNames[0]; got != "two.example" {
		t.Errorf("after renewal: got %s, want two.example", got)
	}
	if err := os.WriteFile(cert, []byte("half a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, s); got != second {
		t.Error("a half-written certificate replaced a good one")
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, s); got != second {
		t.Error("a removed certificate replaced a good one")
	}
}

// one is the options of a server with one certificate.
func one(cert, key string) Options { return Options{Pairs: []Pair{{cert, key}}} }

// shown is the certificate that s shows.
func shown(t *testing.T, s *ServerCerts) *x509.Certificate {
	t.Helper()
	config, err := s.Config(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return config.Certificates[0].Leaf
}

func TestServerErrors(t *testing.T) {
	dir := t.TempDir()
	cert, key := writePair(t, dir, "mx.example", time.Now())
	_, otherKey := writePair(t, t.TempDir(), "mx.example", time.Now())
	big := filepath.Join(dir, "big.pem")
	if err := os.WriteFile(big, make([]byte, maxPEM+1), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		options Options
		want    string
	}{
		{"missing", one(dir+"/none.pem", ""), "none.pem: no such file"},
		{"folder", one(dir, ""), "not a regular file"},
		{"no key in it", one(cert, ""), "found a certificate rather than a key"},
		{"another's key", one(cert, otherKey), "does not match"},
		{"too big", one(big, key), "larger than 262144 octets"},
	}
	for _, test := range tests {
		s := Server(test.options)
		if _, err := s.Config(time.Now()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
		if err := s.Check(time.Now()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: check: got %v, want %q", test.name, err, test.want)
		}
	}
	if err := pemError("key", &fs.PathError{Op: "open", Path: "key.pem", Err: fs.ErrPermission}); !strings.Contains(err.Error(), "let the server's group read it") {
		t.Errorf("unreadable key: got %v", err)
	}
}

func TestOneFileHoldsBoth(t *testing.T) {
	certPEM, keyPEM, err := SelfSigned(time.Now(), "mx.example", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(file, append(keyPEM, certPEM...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Server(one(file, "")).Check(time.Now()); err != nil {
		t.Error(err)
	}
}

func TestExpired(t *testing.T) {
	cert, key := writePair(t, t.TempDir(), "mx.example", time.Now().Add(-2*selfSignedLife))
	s := Server(one(cert, key))
	var outside *TimeError
	if err := s.Check(time.Now()); !errors.As(err, &outside) || !strings.Contains(err.Error(), "valid only from") {
		t.Errorf("got %v, want a *TimeError", err)
	}
	if _, err := s.Config(time.Now()); err != nil {
		t.Errorf("an expired certificate must still encrypt: %v", err)
	}
}

func TestSelfSignedNames(t *testing.T) {
	if _, _, err := SelfSigned(time.Now()); err == nil {
		t.Error("no name: no error")
	}
	long := strings.Repeat("a.", 40) + "example"
	template := selfSignedTemplate(time.Now(), []string{long, "::1"})
	if template.Subject.CommonName != "" || template.DNSNames[0] != long || len(template.IPAddresses) != 1 {
		t.Errorf("got %q %v %v", template.Subject.CommonName, template.DNSNames, template.IPAddresses)
	}
}
