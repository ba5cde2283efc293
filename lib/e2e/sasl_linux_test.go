package e2e

import (
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/sysexits"
)

// saslMechanisms are those that Dovecot offers for Postfix, each on a port of
// its own.
var saslMechanisms = []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"}

// saslHost is a Postfix that takes mail only from those whom Dovecot knows, and
// only under TLS.
type saslHost struct {
	*instance
	ports map[string]string // by mechanism
}

func newSASLHost(t *testing.T) *saslHost {
	h := &saslHost{ports: make(map[string]string)}
	start := func(in *instance, addr, port string) {
		in.saslAuth()
		in.postfixFiles(port)
		in.add("etc/main.cf", `smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ROOT/run/auth-client
smtpd_sasl_security_options = noanonymous
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_error_sleep_time = 0
smtpd_client_restrictions = permit_sasl_authenticated, reject
`)
		for _, m := range saslMechanisms {
			_, h.ports[m], _ = net.SplitHostPort(FreePort(t))
			in.add("etc/master.cf", fmt.Sprintf("127.0.0.1:%s inet n - n - - smtpd -o smtpd_sasl_mechanism_filter=%s\n", h.ports[m], strings.ToLower(m)))
		}
		in.startPostfix()
	}
	h.instance, _ = neighbour{name: "sasl", start: start}.begin(t)
	for _, port := range h.ports {
		accepts(t, "127.0.0.1:"+port)
	}
	return h
}

// add writes more into a configuration.
func (in *instance) add(name, text string) {
	in.t.Helper()
	old, err := os.ReadFile(filepath.Join(in.root, name))
	if err != nil {
		in.t.Fatal(err)
	}
	in.write(name, string(old)+strings.ReplaceAll(text, "ROOT", in.root))
}

// saslAuth starts a private Dovecot that knows ann, and does nothing else for
// anybody. It punishes nobody who guesses.
func (in *instance) saslAuth() {
	in.t.Helper()
	Need(in.t, "/usr/lib/dovecot/auth")
	in.write("dovecot.users", "ann:{PLAIN}open sesame\n")
	StartDovecot(in.t, in.root, `protocols =
auth_mechanisms = plain login cram-md5 scram-sha-256
auth_failure_delay = 0 secs
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener auth-client {
    mode = 0666
  }
}
passdb {
  driver = passwd-file
  args = username_format=%u DIR/dovecot.users
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=/nonexistent
}
`, "run/auth-client")
}

// TestLoginAtPostfix: smtp logs in with a real Postfix and Dovecot by each of
// their mechanisms. With a wrong password, or none, nothing is sent and nothing
// lost.
func TestLoginAtPostfix(t *testing.T) {
	smtp := program(t, "smtp")
	h := newSASLHost(t)
	h.write("etc/postern/credentials", hostname+" ann password open sesame\n"+hostname+" bob password open sesame\n")
	h.write("etc/postern/wrong", hostname+" ann password closed sesame\n")
	for _, name := range []string{"credentials", "wrong"} {
		if err := os.Chmod(filepath.Join(h.root, "etc/postern", name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.write("zone", hostname+". A 127.0.0.1\n")
	t.Setenv("SSL_CERT_FILE", filepath.Join(h.root, "ca.pem"))
	for _, mechanism := range saslMechanisms {
		for _, login := range []struct {
			name, user, file string
			want             string
			status           int
		}{
			{"right", "ann", "credentials", " verdict=accept ", sysexits.OK},
			{"wrong password", "ann", "wrong", ` verdict=defer reply="454 4.7.8 `, sysexits.TempFail},
			{"nobody", "bob", "credentials", ` verdict=defer reply="454 4.7.8 `, sysexits.TempFail},
			{"not at all", "", "", " verdict=reject ", sysexits.Unavailable},
		} {
			t.Run(mechanism+" "+login.name, func(t *testing.T) {
				args := []string{"-d", "--tls", "verify", "-z", "zone", "--local", "-h", "me.test"}
				if login.user != "" {
					args = append(args, "-a", "-u", login.user, "--credentials", "etc/postern/"+login.file)
				}
				args = append(args, "tcp!"+hostname+"!"+h.ports[mechanism], "ann@me.test", "bob@rcpt.test")
				said, status := h.run(hardLetter, smtp, args...)
				bob := line(t, said, "bob@rcpt.test")
				if status != login.status || !strings.Contains(bob, login.want) || strings.Contains(said, "C: AUTH "+mechanism) != (login.user != "") {
					t.Fatalf("status %d, %s\n%s", status, bob, said)
				}
				for _, secret := range []string{"sesame", base64.StdEncoding.EncodeToString([]byte("\x00ann\x00open sesame")), base64.StdEncoding.EncodeToString([]byte("open sesame"))} {
					if strings.Contains(said, secret) {
						t.Errorf("the password is shown:\n%s", said)
					}
				}
				if status == sysexits.OK {
					if got := h.mail(); !strings.HasSuffix(got, "\n"+hardLetter) {
						t.Errorf("got %q", got)
					}
				}
			})
		}
	}
}
