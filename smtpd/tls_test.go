package main

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/smtptest"
)

// tlsWorld is an instance with a certificate of the authority theirs, and with
// client certificates of the authority ours.
type tlsWorld struct {
	*instance
	ours, theirs *smtptest.Authority
}

// newTLSWorld makes one whose smtpd.conf has further lines.
func newTLSWorld(t *testing.T, lines ...string) *tlsWorld {
	t.Helper()
	w := &tlsWorld{instance: newInstance(t, lines...), ours: smtptest.NewAuthority(t, "Our authority"), theirs: smtptest.NewAuthority(t, "theirs")}
	w.certify(t, "mx.test")
	return w
}

// certify gives the instance a new certificate, under the usual names.
func (w *tlsWorld) certify(t *testing.T, name string) {
	t.Helper()
	cert, key := smtptest.WritePair(t, w.conf.etcDir, "new", w.theirs.Server(name))
	for from, to := range map[string]string{cert: "cert.pem", key: "privkey.pem"} {
		if err := os.Rename(from, filepath.Join(w.conf.etcDir, to)); err != nil {
			t.Fatal(err)
		}
	}
}

// etc writes a file into the folder of the configuration.
func (w *tlsWorld) etc(t *testing.T, name string, text []byte) {
	t.Helper()
	write(t, filepath.Join(w.conf.etcDir, name), text)
}

// tlsClient is a client that shows a certificate, whatever the server says that
// it wants.
func tlsClient(c *tls.Certificate) *tls.Config {
	config := &tls.Config{InsecureSkipVerify: true}
	if c != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c, nil }
	}
	return config
}

// talkTLS runs a dialogue as p, in which the client begins TLS with config.
func talkTLS(t *testing.T, in *instance, p peer, config *tls.Config, text string) {
	t.Helper()
	smtptest.Run(t, t.Name(), text, smtptest.Player{Side: smtptest.Client, TLS: config}, func(c net.Conn) { in.serve(c, p) })
}

// relayTry is a client that wants mail relayed, and the answer.
func relayTry(answer string) string {
	return `S: 220 *
C: EHLO client.example
S: 250-...
S: 250 HELP
C: STARTTLS
S: 220 *
TLS
C: EHLO client.example
S: 250-...
S: 250 HELP
C: MAIL FROM:<a@client.example>
S: 250 *
C: RCPT TO:<b@elsewhere.example>
S: ` + answer + ` *
C: QUIT
S: 221 *
S: <end>
`
}

func TestRelayingByCertificate(t *testing.T) {
	ours, theirs := smtptest.NewAuthority(t, "Our authority"), smtptest.NewAuthority(t, "theirs")
	good, foreign, bad, nameless := ours.Client("Client One"), theirs.Client("Client One"), ours.Client("bad"), ours.Client("")
	serverOnly := ours.Server("Client One")
	expired := ours.Issue(&x509.Certificate{
		Subject:   pkix.Name{CommonName: "Client One"},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	tomorrow, yesterday := time.Now().Add(24*time.Hour), time.Now().Add(-24*time.Hour)
	files := map[string][]byte{
		"cacert.pem": ours.PEM(), "good.crl": ours.CRL(tomorrow, bad), "old.crl": ours.CRL(yesterday, bad),
	}
	tests := []struct {
		name   string
		conf   string
		cert   *tls.Certificate
		answer string
		log    string // besides the record
	}{
		{"SSL 2", "SSL 2", &good, "250", ""},
		{"no certificate", "SSL 2", nil, "550", ""},
		{"SSL 1", "SSL 1", &good, "550", ""},
		{"other authority", "SSL 2", &foreign, "550", "unknown authority"},
		{"expired", "SSL 2", &expired, "550", "expired"},
		{"for servers", "SSL 2", &serverOnly, "550", "clientAuth"},
		{"no authorities", "SSL 2\nSSLCAcert \"\"\nTLSAskCert", &good, "550", "no authorities are named"},
		{"no file of authorities", "SSL 2\nSSLCAcert none.pem\nTLSAskCert", &good, "550", "there is no "},
		{"in a folder", "SSL 2\nSSLCAcert \"\"\nTLSCApath ../postern", &good, "250", ""},
		{"list", "SSL 2\nSSLCRL good.crl", &good, "250", ""},
		{"revoked", "SSL 2\nSSLCRL good.crl", &bad, "550", "was revoked on"},
		{"list out of date", "SSL 2\nSSLCRL old.crl", &good, "550", "out of date"},
		{"no list", "SSL 2\nSSLCRL none.crl", &good, "550", "none.crl"},
		{"by name", "CertRelay other \"client one\"", &good, "250", ""},
		{"by another name", "CertRelay \"Client Two\" \"\"", &good, "550", ""},
		{"without a name", "CertRelay \"Client Two\" \"\"", &nameless, "550", ""},
		{"name of another authority's", "CertRelay \"Client One\"", &foreign, "550", "unknown authority"},
		{"required", "SSL 2\nTLSRequireCert", &good, "250", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newTLSWorld(t, test.conf)
			for name, text := range files {
				w.etc(t, name, text)
			}
			talkTLS(t, w.instance, stranger, tlsClient(test.cert), relayTry(test.answer))
			if log := w.log.String(); !strings.Contains(log, test.log) || test.log == "" && strings.Contains(log, "error=") {
				t.Errorf("%q is not in the log:\n%s", test.log, log)
			}
		})
	}
}

func TestCertificateAttributes(t *testing.T) {
	for _, test := range []struct {
		name             string
		verified         bool
		subject, issuer  string
		fingerprintCount int
	}{
		{"ours", true, "Client+20One", "Our+20authority", 31},
		{"theirs", false, "", "", 31},
	} {
		w := newTLSWorld(t)
		w.etc(t, "cacert.pem", w.ours.PEM())
		cert := w.ours.Client("Client One")
		if !test.verified {
			cert = w.theirs.Client("Client One")
		}
		config := tlsClient(&cert)
		config.ServerName = "mx.test"
		talkTLS(t, w.instance, stranger, config, relayTry("550"))
		got := decisions(t, w.instance)[0]
		subject, _ := got.Lookup("ccert_subject")
		issuer, _ := got.Lookup("ccert_issuer")
		if subject != test.subject || issuer != test.issuer {
			t.Errorf("%s: subject %q, issuer %q; want %q, %q", test.name, subject, issuer, test.subject, test.issuer)
		}
		for _, name := range []string{"ccert_fingerprint", "ccert_pubkey_fingerprint"} {
			if v := got.Value(name); strings.Count(v, ":") != test.fingerprintCount || v != strings.ToUpper(v) {
				t.Errorf("%s: %s is %q", test.name, name, v)
			}
		}
		if got.Value("encryption_server_name") != "mx.test" || got.Value("encryption_keysize") == "" {
			t.Errorf("%s: the record is %s", test.name, got.String())
		}
	}
}

func TestRelayingByFingerprint(t *testing.T) {
	ours := smtptest.NewAuthority(t, "ours")
	good := ours.Client("x")
	for _, attribute := range []string{"ccert_fingerprint", "ccert_pubkey_fingerprint"} {
		w := newTLSWorld(t)
		w.etc(t, "cacert.pem", ours.PEM())
		talkTLS(t, w.instance, stranger, tlsClient(&good), relayTry("550"))
		w.conf.tls.relay = []string{strings.ToLower(decisions(t, w.instance)[0].Value(attribute))}
		talkTLS(t, w.instance, stranger, tlsClient(&good), relayTry("250"))
	}
}

// A client without a certificate that is required has no session.
func TestRequiredCertificate(t *testing.T) {
	w := newTLSWorld(t, "TLSRequireCert")
	w.etc(t, "cacert.pem", w.ours.PEM())
	conn := startTLS(t, w.instance, tlsClient(nil))
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("the session goes on")
	}
	for end := time.Now().Add(10 * time.Second); !strings.Contains(w.log.String(), "TLS handshake: "); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the log is %s", w.log)
		}
	}
	none := newTLSWorld(t, "TLSRequireCert")
	talk(t, none.instance, stranger, "S: 220 *\nC: EHLO x.example\nS: 250-...\nS: 250 HELP\nC: STARTTLS\nS: 454 4.7.0 *\nC: QUIT\nS: 221 *\nS: <end>\n")
	if log := none.log.String(); !strings.Contains(log, "cacert.pem") {
		t.Errorf("the log does not say what is missing: %s", log)
	}
}

// startTLS begins a session and TLS in it. Errors of the handshake come with
// the first read.
func startTLS(t *testing.T, in *instance, config *tls.Config) *tls.Conn {
	t.Helper()
	conn, rw := in.hello(t, stranger)
	say(t, rw, "STARTTLS", "220")
	c := tls.Client(conn, config)
	go c.Handshake()
	return c
}

func TestRenewedCertificate(t *testing.T) {
	w := newTLSWorld(t)
	for _, name := range []string{"mx.test", "renewed.test"} {
		w.certify(t, name)
		conn := startTLS(t, w.instance, tlsClient(nil))
		if err := conn.Handshake(); err != nil {
			t.Fatal(err)
		}
		if got := conn.ConnectionState().PeerCertificates[0].DNSNames[0]; got != name {
			t.Errorf("got the certificate of %s, want %s", got, name)
		}
	}
}

func TestTLSRequired(t *testing.T) {
	w := newTLSWorld(t, "tls-enforce-tls")
	smtptest.RunFiles(t, "testdata/tlsrequired/*.txt", smtptest.Player{Side: smtptest.Client, TLS: tlsClient(nil)}, func(c net.Conn) {
		w.serve(c, stranger)
	})
	in := newInstance(t, "TLSRequired")
	talk(t, in, stranger, "S: 220 *\nC: EHLO x.example\nS: 250-...\nS: 250 HELP\nC: MAIL FROM:<>\nS: 454 4.7.0 *\nC: QUIT\nS: 221 *\nS: <end>\n")
}

// at is a stranger that came to another port.
func at(port uint16) peer {
	p := stranger
	p.server = netip.AddrPortFrom(p.server.Addr(), port)
	return p
}

func TestTLSFirst(t *testing.T) {
	const secure = "TLS\nS: 220 *\nC: EHLO x.example\nS: 250-...\nS: 250 HELP\nC: STARTTLS\nS: 503 *\nC: QUIT\nS: 221 *\nS: <end>\n"
	const clear = "S: 220 *\nC: EHLO x.example\nS: 250-...\nS: 250 HELP\nC: QUIT\nS: 221 *\nS: <end>\n"
	tests := []struct {
		name, conf string
		port       uint16
		text       string
	}{
		{"by port", "listen-ssmtp", 465, secure},
		{"by another port", "listen-ssmtp", 25, clear},
		{"port without directive", "", 465, clear},
		{"the client begins", "outlook-tls-bug", 587, secure},
		{"the client waits", "outlook-tls-bug", 587, clear},
		{"the port of SMTP", "outlook-tls-bug", 25, clear},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newTLSWorld(t, test.conf)
			talkTLS(t, w.instance, at(test.port), tlsClient(nil), test.text)
		})
	}
	w := newTLSWorld(t)
	w.conf.flags.tlsFirst = true
	talkTLS(t, w.instance, stranger, tlsClient(nil), secure)
}

// Who speaks first, and not TLS, is heard; that it did is noted.
func TestEagerClientWhereTLSMayBegin(t *testing.T) {
	w := newTLSWorld(t, "OutlookTLSBug")
	talkTLS(t, w.instance, at(587), nil, "C: NOOP\nS: 220 *\nS: 250 *\nC: QUIT\nS: 221 *\nS: <end>\n")
	if got := decisions(t, w.instance)[0].Value("eager_pipelining"); got != "1" {
		t.Errorf("eager_pipelining is %q", got)
	}
}

// checkConfig is what --check says of a configuration.
func checkConfig(t *testing.T, text string) (stdout, stderr string) {
	t.Helper()
	in := newInstance(t)
	write(t, filepath.Join(in.conf.etcDir, "smtpd.conf"), []byte(text))
	t.Setenv("POSTERN_ROOT", in.root)
	var out, errs strings.Builder
	if status := run([]string{"--check"}, strings.NewReader(""), &out, &errs); status != 0 {
		t.Fatalf("exit status %d\n%s%s", status, &out, &errs)
	}
	return out.String(), errs.String()
}

// The TLS lines of the old programs' files are understood, and those that
// mean nothing today are named.
func TestCheckSaysWhatTLSLinesMean(t *testing.T) {
	tests := []struct {
		name, text string
		out, errs  []string
	}{
		{"asmtpd.conf", `#dialect avenger
SSL 2
SSLCAcert /etc/mail/ca.pem
SSLciphers ALL:!ADH:!LOW:!EXP:!MD5:@STRENGTH
`, []string{
			"SSL 2  # ", "SSLCAcert /etc/mail/ca.pem  # ", "SSLCRL crl.pem  # default",
			"conf:4; means nothing here: ADH LOW EXP MD5; the order is the library's: @STRENGTH\n",
			"SSLkey privkey.pem  # default",
		}, nil},
		{"smtpserver.conf", `#dialect zmailer
PARAM use-tls
PARAM tls-cert-file /opt/mail/db/smtpserver.pem
PARAM tls-CAfile /opt/mail/db/smtpserverCAcert.pem
PARAM tls-loglevel 1
PARAM tls-enforce-tls
PARAM tls-ccert-vd 2
PARAM tls-use-scache
PARAM tls-scache-timeout 1800
PARAM tls-random-source dev:/dev/urandom
PARAM tls-dh1024 /opt/mail/db/dh1024.pem
PARAM tls-dcert-file /opt/mail/db/dsa.pem
PARAM listen-ssmtp
PARAM outlook-tls-bug
`, []string{
			"SSL 1  # ", "SSLcert /opt/mail/db/smtpserver.pem  # ", "TLSRequired on  # ", "TLSCertDepth 2  # ", "TicketLife 30m  # ",
			"tls-loglevel 1  # ", "has no effect: the record of each session says version, cipher and certificate\n",
			"has no effect: the kernel's random numbers are used\n", "has no effect: DSA certificates are not spoken by anybody\n",
			"ListenSSMTP on  # ", "who listens has to be told of the port by itself\n", "OutlookTLSBug on  # ",
		}, []string{"/opt/mail/db/smtpserver.pem: no such file"}},
		{"no TLS", "SSL 0\nTLSRequired\n", []string{"SSL 0  # "}, []string{"TLSRequired without TLS: no mail can be taken"}},
		{"nobody to believe", "SSL 2\nSSLCAcert \"\"\n", []string{"nobody relays by certificate"}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, errs := checkConfig(t, test.text)
			for _, want := range test.out {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
			for _, want := range test.errs {
				if !strings.Contains(errs, want) {
					t.Errorf("%q is not in\n%s", want, errs)
				}
			}
			if len(test.errs) == 0 && errs != "" {
				t.Errorf("it complains: %s", errs)
			}
		})
	}
}

func TestPairsOfCertificates(t *testing.T) {
	tests := []struct {
		conf string
		want string // cert=key ...
		err  string
	}{
		{"", "cert.pem=privkey.pem", ""},
		{"SSLcert a b\nSSLkey k", "a=k b=", ""},
		{"SSLcert a\nSSLcert b\nSSLkey k\nSSLkey l", "a=k b=l", ""},
		{"#dialect zmailer\nPARAM tls-cert-file a", "a=", ""},
		{"#dialect zmailer\nPARAM tls-key-file k", "k=k", ""},
		{"#dialect zmailer\nPARAM use-tls", "", ""},
		{"SSLcert a\nSSLkey k l", "", "more keys than certificates"},
	}
	for _, test := range tests {
		in := newInstance(t)
		write(t, filepath.Join(in.conf.etcDir, "smtpd.conf"), []byte(test.conf+"\n"))
		c, _, err := loadConfig(new(flags), in.conf.places)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: got error %v", test.conf, err)
			}
			continue
		}
		var got []string
		for _, p := range c.tls.pairs {
			got = append(got, filepath.Base(p.Cert)+"="+strings.TrimPrefix(filepath.Base(p.Key), "."))
		}
		if text := strings.Join(got, " "); err != nil || text != test.want {
			t.Errorf("%q: got %q, %v, want %q", test.conf, text, err, test.want)
		}
	}
}
