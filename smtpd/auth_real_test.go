package main

import (
	"encoding/base64"
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/e2e"
)

// need gives the path of one program.
func need(t *testing.T, name string) string {
	t.Helper()
	return e2e.Need(t, name)[0]
}

// listen serves every connection to the address as a stranger's.
func (in *instance) listen(t *testing.T) string {
	t.Helper()
	return e2e.Serve(t, "tcp", "127.0.0.1:0", func(c net.Conn) { in.serve(c, stranger) })
}

// swaks logs in by each mechanism that it knows, and relays.
func TestSwaksLogsIn(t *testing.T) {
	swaks := need(t, "swaks")
	in := newAuthInstance(t, "AuthPlainClear", "AuthFailRate 0")
	addr := in.listen(t)
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5"} {
		for password, want := range map[string]string{"secret": "235 2.7.0 ", "wrong": "535 5.7.8 "} {
			out, err := exec.Command(swaks, "--server", addr, "--helo", "client.example", "--from", "a@client.example", "--to", "x@other.example",
				"--auth", mechanism, "--auth-user", "ann", "--auth-password", password).CombinedOutput()
			if !strings.Contains(string(out), want) || (err == nil) != (password == "secret") {
				t.Errorf("%s with %q: %v\n%s", mechanism, password, err, out)
			}
		}
	}
}

// fail2ban finds the failures in our log, each with the right address, and
// nothing else.
func TestFail2ban(t *testing.T) {
	regex := need(t, "fail2ban-regex")
	in := newAuthInstance(t, "AuthPlainClear", "AuthFailures 9")
	in.log = new(e2e.Log)
	in.server = newServer(in.conf, in.log)
	six := stranger
	six.client = netip.MustParseAddrPort("[2001:db8::7]:4242")
	for _, p := range []peer{stranger, six} {
		rw, _ := in.session(t, p, false)
		say(t, rw, plainWrong, "535")
		say(t, rw, "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00x verdict=reject check=auth client_address=203.0.113.9 sasl_method=PLAIN\x00y")), "535")
		say(t, rw, "AUTH CRAM-MD5 abcd", "501")
		say(t, rw, "MAIL FROM:<a@client.example>", "250")
		say(t, rw, "RCPT TO:<\"x check=auth client_address=203.0.113.9 sasl_method=\"@other.example>", "550")
		say(t, rw, "RSET", "250")
		say(t, rw, plainRight, "235")
	}
	var log strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(in.log.String()), "\n") {
		prefix := "Nov 21 02:00:00 mx smtpd[123]: "
		if i%2 == 1 { // as the journal, and rsyslog in its newer form, have it
			prefix = "2026-11-21T02:00:00.000000+00:00 mx smtpd[123]: "
		}
		log.WriteString(prefix + line + "\n")
	}
	file := filepath.Join(t.TempDir(), "log")
	write(t, file, []byte(log.String()))
	out, err := exec.Command(regex, "--print-all-matched", file, "./fail2ban.conf").CombinedOutput()
	if err != nil || !strings.Contains(string(out), " 4 matched") {
		t.Fatalf("fail2ban-regex: %v\n%s\nof\n%s", err, out, log.String())
	}
	out, err = exec.Command(regex, "-o", "ip", file, "./fail2ban.conf").CombinedOutput()
	if want := "192.0.2.7\n192.0.2.7\n2001:db8::7\n2001:db8::7\n"; err != nil || string(out) != want {
		t.Errorf("addresses %q, %v; want %q", out, err, want)
	}
}
