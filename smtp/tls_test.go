package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/smtptest"
)

const (
	offering = "S: 220 x\nC: EHLO me.test\nS: 250-x\nS: 250 STARTTLS\n"
	// encrypted is a session up to the envelope, under TLS.
	encrypted = offering + "C: STARTTLS\nS: 220 go on\nTLS\nC: EHLO me.test\n"
	plain     = "S: 250-x\nS: 250 PIPELINING\n"
)

// message takes one message behind EHLO.
func message() string { return strings.TrimPrefix(taking, greeting) }

// leaving is a session that comes to nothing.
const leaving = "C: QUIT\nS: 221 bye"

func TestTLS(t *testing.T) {
	clear := greeting + message()
	tests := []struct {
		name   string
		args   string
		plays  []string
		status int
		want   string
	}{
		{"offered", "-s", []string{encrypted + plain + message()}, 0, "tls=unverified:TLSv1.3"},
		{"offered, not wanted", "", []string{offering + "C: MAIL FROM:<ann@me.test>\nS: 451 later\n" + leaving}, 75, "tls=none"},
		{"not offered", "-s", []string{clear}, 0, "tls=none"},
		{"refused", "-s", []string{offering + "C: STARTTLS\nS: 454 not now\nC: MAIL FROM:<ann@me.test>\nS: 451 later\n" + leaving}, 75, "tls=none"},
		{"handshake fails", "-s", []string{offering + "C: STARTTLS\nS: 220 go on\nS: <end>", clear}, 0, "tls=none"},
		{"handshake fails, and is offered again", "-s", []string{offering + "C: STARTTLS\nS: 220 go on\nS: <end>",
			offering + "C: MAIL FROM:<ann@me.test>\nS: 451 later\n" + leaving}, 75, "tls=none"},
		{"told to go", "-s", []string{offering + "C: STARTTLS\nS: 421 4.3.2 bye"}, 75, "451 4.7.5"},
		{"needed, not offered", "--tls encrypt", []string{greeting + leaving}, 75, "451 4.7.5"},
		{"needed, refused", "--tls encrypt", []string{offering + "C: STARTTLS\nS: 554 no\n" + leaving}, 75, "451 4.7.5"},
		{"needed, fails", "--tls encrypt", []string{offering + "C: STARTTLS\nS: 220 go on\nS: <end>"}, 75, "451 4.7.5"},
		{"not vouched for", "--tls verify", []string{offering + "C: STARTTLS\nS: 220 go on\nS: <end>"}, 75, "451 4.7.5"},
		{"text in front of it", "-s", []string{offering + "C: STARTTLS\nS: 220 go on\nS: 250 injected\nC: <end>"}, 75, "451 4.4.2"},
		{"first", "-t", []string{"TLS\nS: 220 x\nC: EHLO me.test\n" + plain + message()}, 0, "tls=unverified:TLSv1.3"},
		{"first, and none", "-t", []string{"S: 220 x\nS: <end>"}, 75, "451 4.7.5"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			port := hosts(t, test.plays)
			args := append(strings.Fields(test.args), "127.0.0.2:"+port, "ann@me.test", "bob@d.test")
			status, stdout, stderr := smtpTo(t, letterText, args...)
			if status != test.status || !strings.Contains(stdout, test.want) {
				t.Errorf("got %d, %s%s", status, stdout, stderr)
			}
		})
	}
}

func TestPins(t *testing.T) {
	config := smtptest.ServerConfig(t, "a.test")
	sum := sha256.Sum256(config.Certificates[0].Certificate[0])
	pins := filepath.Join(t.TempDir(), "pins")
	if err := os.WriteFile(pins, fmt.Appendf(nil, "x509 sha256=%x\n", sum), 0o600); err != nil {
		t.Fatal(err)
	}
	port := hostsWith(t, config, []string{encrypted + plain + message()})
	status, stdout, _ := smtpTo(t, letterText, "-s", "--pins", pins, "127.0.0.2:"+port, "ann@me.test", "bob@d.test")
	if status != 0 || !strings.Contains(stdout, " tls=pin:TLSv1.3") {
		t.Errorf("got %d, %s", status, stdout)
	}
}

// login is AUTH with ann's password, base64 of "\x00ann\x00sesame".
const login = "C: AUTH PLAIN AGFubgBzZXNhbWU=\n"

func TestLogin(t *testing.T) {
	const offered = "S: 250-x\nS: 250 AUTH GSSAPI LOGIN PLAIN\n"
	const inClear = "S: 220 x\nC: EHLO me.test\n"
	const mail = "C: MAIL FROM:<ann@me.test>\nS: 451 later\n" + leaving
	tests := []struct {
		name   string
		args   string
		play   string
		status int
		want   string
	}{
		{"under TLS", "-a --tls encrypt", encrypted + offered + login + "S: 235 in\n" + mail, 75, "451 later"},
		{"refused", "-a --tls encrypt", encrypted + offered + login + "S: 535 5.7.8 no\n" + leaving, 75, `454 4.7.8 the next server refuses our credentials" reason="[127.0.0.2]: AUTH: the server says 535 5.7.8 no`},
		{"later", "-a --tls encrypt", encrypted + offered + login + "S: 454 4.7.0 later\n" + leaving, 75, "454 4.7.0 later"},
		{"no TLS", "-a", inClear + offered + leaving, 75, "451 4.7.5"},
		{"to whoever answers", "-a", offering + "C: STARTTLS\nS: 220 go on\nS: <end>", 75, "451 4.7.5"},
		{"no TLS and -i", "-ai", inClear + offered + login + "S: 235 in\n" + mail, 75, "451 later"},
		{"TLS first with -i", "-ai", "S: 220 x\nC: EHLO me.test\nS: 250-x\nS: 250-AUTH PLAIN\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go on\nTLS\nC: EHLO me.test\n" + offered + login + "S: 235 in\n" + mail, 75, "451 later"},
		{"not offered", "-a --tls encrypt", encrypted + "S: 250 x\n" + mail, 75, "451 later"},
		{"nothing in common", "-a --tls encrypt", encrypted + "S: 250-x\nS: 250 AUTH GSSAPI\n" + leaving, 78, "no mechanism in common: the server offers GSSAPI"},
		{"nobody's", "-a --tls encrypt -u joe", encrypted + offered + leaving, 78, "no credentials for joe at 127.0.0.2"},
	}
	secrets := secretsFile(t, "secrets", "127.0.0.2 ann password sesame\n", 0o600)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			port := hosts(t, []string{test.play})
			args := append(strings.Fields(test.args), "-d", "--credentials", secrets, "127.0.0.2:"+port, "ann@me.test", "bob@d.test")
			status, stdout, stderr := smtpTo(t, letterText, args...)
			if status != test.status || !strings.Contains(stdout, test.want) {
				t.Errorf("got %d, %s%s", status, stdout, stderr)
			}
			if strings.Contains(stdout+stderr, "sesame") || strings.Contains(stdout+stderr, "AGFubg") {
				t.Errorf("the secret is shown: %s%s", stdout, stderr)
			}
		})
	}
}
