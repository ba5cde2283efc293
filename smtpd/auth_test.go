package main

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/auth"
	"postern/lib/smtptest"
	"postern/lib/tlsconf"
)

// newAuthInstance is an instance with a certificate, and with ann, whose
// password is secret. A guess is answered at once.
func newAuthInstance(t testing.TB, lines ...string) *instance {
	t.Helper()
	users := filepath.Join(t.TempDir(), "users")
	write(t, users, []byte("ann:{PLAIN}secret\n"))
	in := newInstance(t, append([]string{"Users " + users, "AuthDelay 0"}, lines...)...)
	cert, key, err := tlsconf.SelfSigned(time.Now(), "mx.test")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(in.conf.etcDir, "cert.pem"), cert)
	write(t, filepath.Join(in.conf.etcDir, "privkey.pem"), key)
	return in
}

func TestAuthDialogues(t *testing.T) {
	in := newAuthInstance(t, "AuthFailRate 0")
	smtptest.RunFiles(t, "testdata/auth/*.txt", smtptest.Player{Side: smtptest.Client}, func(c net.Conn) {
		in.serve(c, stranger)
	})
}

func TestAuthTLSDialogues(t *testing.T) {
	in := newAuthInstance(t, "AuthFailRate 0")
	player := smtptest.Player{Side: smtptest.Client, TLS: &tls.Config{InsecureSkipVerify: true}}
	smtptest.RunFiles(t, "testdata/authtls/*.txt", player, func(c net.Conn) {
		in.serve(c, stranger)
	})
	names, err := filepath.Glob(filepath.Join(in.root, "var/spool/postern/queue/new/*/*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("the queue has %q, %v; want one message", names, err)
	}
	text, _ := os.ReadFile(names[0])
	if !strings.Contains(string(text), "with ESMTPSA") || strings.Contains(string(text), "X-Comment") {
		t.Errorf("the message is\n%s", text)
	}
	for _, r := range decisions(t, in) {
		if r.Value("verdict") == "accept" && (r.Value("sasl_username") != "ann" || r.Value("sasl_method") != "PLAIN" || r.Value("sasl_sender") != "b@client.example") {
			t.Errorf("the record of the message is %s", r.String())
		}
	}
}

// hello greets as a client, in the clear, and says EHLO.
func (in *instance) hello(t *testing.T, p peer) (net.Conn, *bufio.ReadWriter) {
	t.Helper()
	c := in.dial(t, p)
	rw := bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c))
	say(t, rw, "", "220")
	say(t, rw, "EHLO client.example", "250")
	return c, rw
}

// beginTLS says STARTTLS, and EHLO once more under TLS.
func beginTLS(t *testing.T, c net.Conn, rw *bufio.ReadWriter) (*bufio.ReadWriter, *tls.ConnectionState) {
	t.Helper()
	say(t, rw, "STARTTLS", "220")
	tc := tls.Client(c, &tls.Config{InsecureSkipVerify: true})
	if err := tc.Handshake(); err != nil {
		t.Fatal(err)
	}
	state := tc.ConnectionState()
	rw = bufio.NewReadWriter(bufio.NewReader(tc), bufio.NewWriter(tc))
	say(t, rw, "EHLO client.example", "250")
	return rw, &state
}

// session greets as a client, under TLS or not, and says EHLO.
func (in *instance) session(t *testing.T, p peer, secure bool) (*bufio.ReadWriter, *tls.ConnectionState) {
	t.Helper()
	c, rw := in.hello(t, p)
	if !secure {
		return rw, nil
	}
	return beginTLS(t, c, rw)
}

// userThenTLS is a session in which ann logs in, and begins TLS behind that.
func (in *instance) userThenTLS(t *testing.T) *bufio.ReadWriter {
	t.Helper()
	c, rw := in.hello(t, stranger)
	say(t, rw, plainRight, "235")
	rw, _ = beginTLS(t, c, rw)
	return rw
}

// say says a line and returns the reply's last line, which has to have this
// code.
func say(t *testing.T, rw *bufio.ReadWriter, line, code string) string {
	t.Helper()
	if line != "" {
		fmt.Fprintf(rw, "%s\r\n", line)
		if err := rw.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	for {
		reply, err := rw.ReadString('\n')
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if !strings.HasPrefix(reply, code) {
			t.Fatalf("%q is answered by %q, want %s", line, reply, code)
		}
		if reply[3] == ' ' {
			return strings.TrimRight(reply[4:], "\r\n")
		}
	}
}

// authenticate goes through a mechanism of lib/auth's client; code is what AUTH
// has to end with.
func authenticate(t *testing.T, rw *bufio.ReadWriter, c auth.Client, code string) {
	t.Helper()
	b64 := base64.StdEncoding
	line := "AUTH " + c.Mechanism()
	if initial, ok := c.Initial(); ok {
		line += " " + b64.EncodeToString(initial)
	}
	for {
		fmt.Fprintf(rw, "%s\r\n", line)
		rw.Flush()
		reply, err := rw.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(reply, "334 ") {
			if !strings.HasPrefix(reply, code) {
				t.Errorf("%s ends with %q, want %s", c.Mechanism(), reply, code)
			}
			return
		}
		challenge, err := b64.DecodeString(strings.TrimSpace(reply[4:]))
		if err != nil {
			t.Fatalf("challenge %q: %v", reply, err)
		}
		response, err := c.Next(challenge)
		if err != nil {
			t.Fatalf("challenge %q: %v", challenge, err)
		}
		line = b64.EncodeToString(response)
	}
}

func TestEveryMechanism(t *testing.T) {
	in := newAuthInstance(t, "AuthFailRate 0")
	for _, m := range []string{auth.ScramPlus, auth.Scram, auth.CramMD5, auth.Plain, auth.Login} {
		for password, code := range map[string]string{"secret": "235 2.7.0 ", "wrong": "535 5.7.8 "} {
			rw, state := in.session(t, stranger, true)
			binding, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32) // RFC 9266
			if err != nil {
				t.Fatal(err)
			}
			c, err := auth.Choose(auth.Choice{Offered: []string{m}, Plaintext: true, Binding: binding}, auth.Credentials{User: "ann", Password: password})
			if m == auth.Scram { // a client that could bind is not to be told that we do not
				c, err = auth.Choose(auth.Choice{Offered: []string{m}}, auth.Credentials{User: "ann", Password: password})
			}
			if err != nil {
				t.Fatal(err)
			}
			authenticate(t, rw, c, code)
			say(t, rw, "QUIT", "221")
		}
	}
}

// Somebody in the middle who takes -PLUS from the offers is found out.
func TestBindingTakenAway(t *testing.T) {
	in := newAuthInstance(t)
	rw, state := in.session(t, stranger, true)
	binding, _ := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32) // RFC 9266
	c, err := auth.Choose(auth.Choice{Offered: []string{auth.Scram}, Binding: binding}, auth.Credentials{User: "ann", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	authenticate(t, rw, c, "535 5.7.8 ")
}

const (
	plainRight = "AUTH PLAIN AGFubgBzZWNyZXQ="
	plainWrong = "AUTH PLAIN AGFubgB3cm9uZw=="
)

func TestAuthOffers(t *testing.T) {
	users := filepath.Join(t.TempDir(), "users")
	write(t, users, []byte("ann:{PLAIN}secret\n"))
	for _, tt := range []struct {
		lines []string
		want  string // lines of EHLO with AUTH in them
	}{
		{nil, ""},
		{[]string{"AuthPlainClear"}, ""},
		{[]string{"Users " + users, "SASL 0"}, ""},
		{[]string{"Users " + users}, "AUTH SCRAM-SHA-256 CRAM-MD5"},
		{[]string{"Users " + users, "AuthPlainClear 1"}, "AUTH SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN"},
		{[]string{"Users " + users, "InsecureSASL 1", "AuthMechanisms login plain"}, "AUTH LOGIN PLAIN"},
		{[]string{"Users " + users, "AuthMechanisms PLAIN"}, ""},
		{[]string{"AuthProgram /bin/true"}, ""},
		{[]string{"AuthProgram /bin/true", "AUTH-LOGIN-also-without-TLS", "smtp-auth"}, "AUTH PLAIN LOGIN|AUTH=PLAIN LOGIN"},
		{[]string{"Users /nowhere"}, ""},
		{[]string{"AuthDovecot /nowhere"}, ""},
	} {
		rw, _ := newInstance(t, tt.lines...).session(t, stranger, false)
		if got := authLines(t, rw); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.lines, got, tt.want)
		}
	}
	rw, _ := newAuthInstance(t).session(t, stranger, true)
	if got, want := authLines(t, rw), "AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 CRAM-MD5 PLAIN LOGIN"; got != want {
		t.Errorf("under TLS: %q, want %q", got, want)
	}
}

// authLines are the lines about AUTH in the answer to EHLO.
func authLines(t *testing.T, rw *bufio.ReadWriter) string {
	t.Helper()
	rw.WriteString("EHLO client.example\r\n")
	rw.Flush()
	var got []string
	for {
		line, err := rw.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(line[4:], "AUTH") {
			got = append(got, strings.TrimSpace(line[4:]))
		}
		if line[3] == ' ' {
			return strings.Join(got, "|")
		}
	}
}

// SASL says what logging in is good for.
func TestUsersMayRelay(t *testing.T) {
	for _, tt := range []struct{ line, code string }{{"SASL 1", "550 5.7.1 "}, {"SASL 2", "250 "}} {
		rw, _ := newAuthInstance(t, "AuthPlainClear", tt.line).session(t, stranger, false)
		say(t, rw, plainRight, "235")
		say(t, rw, "MAIL FROM:<a@client.example>", "250")
		say(t, rw, "RCPT TO:<x@other.example>", tt.code)
	}
}

// A handshake begins the session anew: who logged in before it has to do so
// again, and is trusted with nothing meanwhile.
func TestHandshakeForgetsUser(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear")
	rw := in.userThenTLS(t)
	say(t, rw, "MAIL FROM:<a@client.example>", "250")
	say(t, rw, "RCPT TO:<x@other.example>", "550 5.7.1 ")
	say(t, rw, "RSET", "250")
	say(t, rw, plainRight, "235")
}

// What did not come from logging in stays behind a handshake.
func TestHandshakeKeepsTrust(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear", "TrustedNet 192.0.2.0/24")
	rw := in.userThenTLS(t)
	sendTo(t, rw, "MAIL FROM:<a@client.example>", "x@other.example")
	got := decisions(t, in)
	if len(got) != 1 || got[0].Value("verdict") != "accept" || got[0].Value("encryption_protocol") == "" {
		t.Fatalf("the log has %v", got)
	}
	for _, name := range []string{"sasl_method", "sasl_username"} {
		if value, ok := got[0].Lookup(name); ok {
			t.Errorf("%s is %q, and nobody has logged in since the handshake", name, value)
		}
	}
}

// sendTo sends a message.
func sendTo(t *testing.T, rw *bufio.ReadWriter, mail, rcpt string) {
	t.Helper()
	say(t, rw, mail, "250")
	say(t, rw, "RCPT TO:<"+rcpt+">", "250")
	say(t, rw, "DATA", "354")
	say(t, rw, "Subject: x\r\n.", "250")
}

// A stranger vouches for nobody (RFC 4954 section 5).
func TestVouch(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear", "SASL 1", "TrustedNet 198.51.100.0/24")
	for _, p := range []peer{stranger, from("198.51.100.1")} {
		rw, _ := in.session(t, p, false)
		for _, param := range []string{"", " AUTH=<>", " AUTH=c@other.example"} {
			sendTo(t, rw, "MAIL FROM:<a@client.example>"+param, "bob@mx.test")
		}
	}
	var got []string
	for _, r := range decisions(t, in) {
		got = append(got, r.Value("sasl_sender"))
	}
	if want := []string{"", "<>", "<>", "", "<>", "c@other.example"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMSAMode(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear", "MSA-mode", "TrustedNet 198.51.100.0/24")
	rw, _ := in.session(t, stranger, false)
	for _, line := range []string{"MAIL FROM:<a@client.example>", "VRFY bob", "RCPT TO:<bob@mx.test>", "DATA"} {
		say(t, rw, line, "530 5.7.0 ")
	}
	say(t, rw, "BDAT 6\r\nQUIT", "503") // its octets are no command
	for _, line := range []string{"NOOP", "RSET"} {
		say(t, rw, line, "250")
	}
	say(t, rw, "HELP", "214")
	say(t, rw, plainRight, "235")
	sendTo(t, rw, "MAIL FROM:<a@client.example>", "bob@mx.test")
	want := "X-Comment: RFC 2476 MSA function at mx.test logged sender identity as: ann\n"
	if box := in.mailbox(t, "bob"); len(box) != 1 || !strings.Contains(box[0], want) || !strings.Contains(box[0], "with ESMTPA") {
		t.Errorf("the mailbox has %q", box)
	}

	rw, _ = in.session(t, from("198.51.100.1"), false)
	say(t, rw, "MAIL FROM:<a@client.example>", "250")
}

// With -a even those who are trusted have to log in before MAIL.
func TestAuthDemanded(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear", "TrustedNet 192.0.2.0/24")
	in.conf.flags.authNeeded = true
	rw, _ := in.session(t, stranger, false)
	say(t, rw, "MAIL FROM:<a@client.example>", "530 5.7.0 ")
	say(t, rw, "VRFY bob", "252")
	say(t, rw, plainRight, "235")
	say(t, rw, "MAIL FROM:<a@client.example>", "250")
}

func TestParseAuth(t *testing.T) {
	for _, tt := range []struct {
		arg, mechanism string
		initial        []byte
		code           int
	}{
		{"plain", "PLAIN", nil, 0},
		{"PLAIN =", "PLAIN", []byte{}, 0},
		{"PLAIN eA==", "PLAIN", []byte("x"), 0},
		{"", "", nil, 501},
		{"PLAIN eA== eA==", "", nil, 501},
		{"PLAIN eA", "", nil, 501},
		{"PLAIN eB==", "", nil, 501},
		{"PLAIN ==", "", nil, 501},
	} {
		a, r := parseAuth(tt.arg)
		if tt.code != 0 {
			if r == nil || r.Code != tt.code {
				t.Errorf("%q: %v, want %d", tt.arg, r, tt.code)
			}
			continue
		}
		if r != nil || a.mechanism != tt.mechanism || string(a.initial) != string(tt.initial) || (a.initial == nil) != (tt.initial == nil) {
			t.Errorf("%q: %+v, %v", tt.arg, a, r)
		}
	}
}

func FuzzParseAuth(f *testing.F) {
	f.Add("PLAIN AGFubgBzZWNyZXQ=")
	f.Add("cram-md5")
	f.Add("PLAIN =")
	f.Fuzz(func(t *testing.T, arg string) {
		a, r := parseAuth(arg)
		if r == nil && (a.mechanism == "" || strings.Contains(a.mechanism, " ")) {
			t.Errorf("%q is taken as %+v", arg, a)
		}
	})
}
