package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/smtptest"
)

// A tlsHost is an instance behind listen, a process per connection, that has
// certificates for two names and believes the authority of its clients.
type tlsHost struct {
	*instance
	addr             string
	openssl          string
	servers, clients *smtptest.Authority
}

// newTLSHost starts one: listen has the options of listen in front of its
// address and, behind a --, the command that it is to run.
func newTLSHost(t *testing.T, listen []string, conf ...string) *tlsHost {
	t.Helper()
	openssl := Need(t, "openssl")[0]
	conf = append(conf, "SSLcert mx.pem other.pem", "SSLkey mx.key other.key", "SSLCAcert clients.pem", "SSLCRL crl.pem")
	h := &tlsHost{instance: newInstance(t, conf...), addr: FreePort(t), openssl: openssl}
	h.servers, h.clients = smtptest.NewAuthority(t, "servers"), smtptest.NewAuthority(t, "clients")
	h.certify("mx", hostname)
	h.certify("other", "other.test")
	h.write("etc/postern/servers.pem", string(h.servers.PEM()))
	h.write("etc/postern/clients.pem", string(h.clients.PEM()))
	h.write("etc/postern/crl.pem", string(h.clients.CRL(time.Now().Add(24*time.Hour))))
	options, command := listen, []string(nil)
	if i := slices.Index(listen, "--"); i >= 0 {
		options, command = listen[:i], listen[i:]
	}
	h.start(program(t, "listen"), slices.Concat(options, []string{h.addr}, command)...)
	accepts(t, h.addr)
	return h
}

// certify writes a new certificate of the server.
func (h *tlsHost) certify(file, name string) {
	h.t.Helper()
	smtptest.WritePair(h.t, filepath.Join(h.root, "etc/postern"), file, h.servers.Server(name))
}

// etc is a file of the host's configuration.
func (h *tlsHost) etc(name string) string { return filepath.Join(h.root, "etc/postern", name) }

// sClient has openssl's client begin TLS and say these commands, and answers
// all it saw.
func (h *tlsHost) sClient(commands string, args ...string) string {
	h.t.Helper()
	return h.sClientFirst(commands, append(args, "-starttls", "smtp")...)
}

// sClientFirst is sClient that begins with the handshake.
func (h *tlsHost) sClientFirst(commands string, args ...string) string {
	h.t.Helper()
	args = append([]string{"s_client", "-crlf", "-ign_eof", "-connect", h.addr, "-CAfile", h.etc("servers.pem"), "-verify_return_error"}, args...)
	cmd := exec.Command(h.openssl, args...)
	cmd.Stdin = strings.NewReader(commands)
	cmd.WaitDelay = patience
	out, _ := cmd.CombinedOutput() // the status depends on who hangs up first
	return string(out)
}

func wantAll(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q is not in\n%s", word, text)
		}
	}
}

func TestOpenSSLPicksByName(t *testing.T) {
	h := newTLSHost(t, nil)
	for _, name := range []string{hostname, "other.test"} {
		out := h.sClient("EHLO client.example\nQUIT\n", "-servername", name, "-verify_hostname", name)
		wantAll(t, out, "Verify return code: 0 (ok)", "250-"+hostname, "221 2.0.0")
	}
	wantAll(t, h.sClient("QUIT\n", "-tls1_2"), "Protocol  : TLSv1.2", "221 2.0.0")
	if out := h.sClient("QUIT\n", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"); strings.Contains(out, "221 ") {
		t.Errorf("TLS 1.1 is spoken:\n%s", out)
	}
}

// One process resumes the session that another began, by the file of ticket
// keys that they share.
func TestProcessesResumeOneSession(t *testing.T) {
	h := newTLSHost(t, nil)
	ticket := filepath.Join(t.TempDir(), "session")
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		wantAll(t, h.sClient("EHLO a.example\nQUIT\n", version, "-servername", hostname, "-sess_out", ticket), "New, TLSv1", "221 2.0.0")
		wantAll(t, h.sClient("EHLO a.example\nQUIT\n", version, "-servername", hostname, "-sess_in", ticket), "Reused, TLSv1", "221 2.0.0")
	}
	info, err := os.Stat(filepath.Join(h.root, "var/lib/postern/tickets"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of keys is %v, %v", info, err)
	}
}

// relay is a client that wants mail relayed.
const relay = "EHLO client.example\nMAIL FROM:<a@client.example>\nRCPT TO:<b@elsewhere.example>\nQUIT\n"

// A session that is resumed still shows the client's certificate, and what
// has been revoked since is not believed.
func TestOpenSSLRelaysByCertificate(t *testing.T) {
	h := newTLSHost(t, nil, "SSL 2")
	client := h.clients.Client("client")
	cert, key := smtptest.WritePair(t, t.TempDir(), "client", client)
	ticket := filepath.Join(t.TempDir(), "session")
	wantAll(t, h.sClient(relay), "550 5.7.1")
	wantAll(t, h.sClient(relay, "-cert", cert, "-key", key, "-sess_out", ticket), "250 2.1.5", "CN = clients")
	wantAll(t, h.sClient(relay, "-sess_in", ticket), "Reused", "250 2.1.5")
	h.write("etc/postern/crl.pem", string(h.clients.CRL(time.Now().Add(24*time.Hour), client)))
	wantAll(t, h.sClient(relay, "-sess_in", ticket), "Reused", "550 5.7.1")
	wantAll(t, h.sClient(relay, "-cert", cert, "-key", key), "New", "550 5.7.1")
}

// A certificate that is renewed is shown by the process that runs.
func TestRenewalUnderARunningServer(t *testing.T) {
	h := newTLSHost(t, []string{"-w", "1:0"})
	before := h.sClient("QUIT\n", "-servername", hostname)
	wantAll(t, before, "221 2.0.0")
	h.certify("mx", "renewed."+hostname)
	wantAll(t, h.sClient("QUIT\n", "-servername", "renewed."+hostname, "-verify_hostname", "renewed."+hostname), "Verify return code: 0 (ok)", "221 2.0.0")
}

// The client begins with the handshake, whatever way of serving there is.
func TestOpenSSLBeginsWithTheHandshake(t *testing.T) {
	for _, way := range [][]string{nil, {"-w", "1"}, {"-w", "1:0:10"}} {
		h := newTLSHost(t, append(way, "--", program(t, "smtpd"), "-t"))
		out := h.sClientFirst("EHLO client.example\nQUIT\n", "-servername", hostname)
		wantAll(t, out, "220 "+hostname, "221 2.0.0")
		if strings.Contains(out, "250-STARTTLS") {
			t.Errorf("%q: STARTTLS is offered within TLS:\n%s", way, out)
		}
		h = newTLSHost(t, way, "OutlookTLSBug")
		wantAll(t, h.sClientFirst("EHLO client.example\nQUIT\n"), "220 "+hostname, "221 2.0.0")
		wantAll(t, h.sClient("EHLO client.example\nQUIT\n"), "221 2.0.0")
	}
}

// authorityConf is what openssl ca wants to know.
const authorityConf = `[ca]
default_ca = own
[own]
dir = .
new_certs_dir = .
database = index.txt
serial = serial
crlnumber = crlnumber
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 3
default_crl_days = 3
policy = policy
x509_extensions = client
[policy]
commonName = supplied
[client]
extendedKeyUsage = clientAuth
`

// An authority of openssl's vouches for clients, and revokes.
func TestAuthorityOfOpenSSL(t *testing.T) {
	h := newTLSHost(t, nil, "CertRelay \"Client one\" \"Client two\"")
	dir := t.TempDir()
	for name, text := range map[string]string{"conf": authorityConf, "index.txt": "", "serial": "01\n", "crlnumber": "01\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	openssl := func(args ...string) {
		t.Helper()
		cmd := exec.Command(h.openssl, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("openssl %q: %v\n%s", args, err, out)
		}
	}
	openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Own", "-days", "3")
	for _, name := range []string{"one", "two"} {
		openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", name+".key", "-out", name+".csr", "-subj", "/CN=Client "+name)
		openssl("ca", "-batch", "-config", "conf", "-in", name+".csr", "-out", name+".pem", "-notext")
	}
	openssl("ca", "-config", "conf", "-revoke", "two.pem")
	openssl("ca", "-config", "conf", "-gencrl", "-out", "crl.pem")
	for from, to := range map[string]string{"ca.pem": "clients.pem", "crl.pem": "crl.pem"} {
		text, err := os.ReadFile(filepath.Join(dir, from))
		if err != nil {
			t.Fatal(err)
		}
		h.write("etc/postern/"+to, string(text))
	}
	for name, want := range map[string]string{"one": "250 2.1.5", "two": "550 5.7.1"} {
		file := filepath.Join(dir, name)
		wantAll(t, h.sClient(relay, "-cert", file+".pem", "-key", file+".key"), want, "CN = Own")
	}
}
