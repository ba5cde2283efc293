package e2e

import (
	"net"
	"os"
	"strings"
	"testing"
)

// TestLogin: smtp logs in by each mechanism, under TLS with a host that has
// proved who it is, and may then send to strangers; without it nothing is sent.
func TestLogin(t *testing.T) {
	smtp := program(t, "smtp")
	for _, mechanism := range []string{"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"} {
		t.Run(mechanism, func(t *testing.T) {
			h := newTLSHost(t, nil, "SPF 0", "Users users", "AuthDelay 0", "AuthMechanisms "+mechanism)
			_, port, _ := net.SplitHostPort(h.addr)
			h.write("etc/postern/users", "ann:{PLAIN}open sesame\n")
			h.write("etc/postern/credentials", hostname+" ann password open sesame\n"+hostname+" bob password wrong\n")
			for _, name := range []string{"users", "credentials"} {
				if err := os.Chmod(h.etc(name), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			h.write("zone", hostname+". A 127.0.0.1\n")
			t.Setenv("SSL_CERT_FILE", h.etc("servers.pem"))
			for user, want := range map[string]string{"ann": "verdict=accept", "bob": "454 4.7.8 ", "": "verdict=reject"} {
				args := []string{"-d", "--tls", "verify", "-z", "zone", "--local"}
				if user != "" {
					args = append(args, "-a", "-u", user)
				}
				out, _ := h.run("Subject: x\n\ntext\n", smtp, append(args, "tcp!"+hostname+"!"+port, "ann@"+hostname, "x@other.example")...)
				if !strings.Contains(out, want) || strings.Contains(out, "C: AUTH "+mechanism) != (user != "") {
					t.Errorf("%q: want %s in\n%s", user, want, out)
				}
			}
		})
	}
}
