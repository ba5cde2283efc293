package e2e

import (
	"fmt"
	"net"
	"os/user"
	"strings"
	"testing"
)

// superServers are the ways to put smtpd behind a port that are not ours. Each
// start brings it up at addr.
var superServers = []struct {
	name  string
	needs []string // the first is the server itself
	start func(in *instance, path, addr string)
}{
	{"openbsd-inetd", []string{"inetd"}, func(in *instance, path, addr string) {
		in.write("inetd.conf", fmt.Sprintf("%s stream tcp nowait.2000 %s %s smtpd\n", addr, userName(in.t), program(in.t, "smtpd")))
		in.start(path, "-E", "-i", in.root+"/inetd.conf")
	}},
	{"xinetd", []string{"xinetd"}, func(in *instance, path, addr string) {
		host, port, _ := net.SplitHostPort(addr)
		in.write("xinetd.conf", fmt.Sprintf(`service smtp
{
	type        = UNLISTED
	socket_type = stream
	protocol    = tcp
	bind        = %s
	port        = %s
	wait        = no
	user        = %s
	server      = %s
	env         = POSTERN_ROOT=%s
}
`, host, port, userName(in.t), program(in.t, "smtpd"), in.root))
		in.start(path, "-dontfork", "-f", in.root+"/xinetd.conf", "-pidfile", in.root+"/xinetd.pid")
	}},
	{"tcpserver", []string{"tcpserver"}, func(in *instance, path, addr string) {
		host, port, _ := net.SplitHostPort(addr)
		in.start(path, "-HRl0", host, port, program(in.t, "smtpd"))
	}},
	{"systemd-socket-activate -a", []string{"systemd-socket-activate"}, func(in *instance, path, addr string) {
		in.start(path, "-l", addr, "-a", "-E", "POSTERN_ROOT="+in.root, program(in.t, "smtpd"))
	}},
	{"systemd-socket-activate -a --inetd", []string{"systemd-socket-activate"}, func(in *instance, path, addr string) {
		in.start(path, "-l", addr, "-a", "--inetd", "-E", "POSTERN_ROOT="+in.root, program(in.t, "smtpd"))
	}},
	{"listen", nil, func(in *instance, _, addr string) {
		in.start(program(in.t, "listen"), addr)
	}},
	{"listen -w", nil, func(in *instance, _, addr string) {
		in.start(program(in.t, "listen"), "-w", "2", addr)
	}},
	{"listen -w, many at once", nil, func(in *instance, _, addr string) {
		in.start(program(in.t, "listen"), "-w", "1:100:50", addr)
	}},
}

func userName(t testing.TB) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

func TestSuperServers(t *testing.T) {
	for _, s := range superServers {
		t.Run(s.name, func(t *testing.T) {
			path := ""
			if s.needs != nil {
				path = Need(t, s.needs...)[0]
			}
			in := newInstance(t)
			addr := FreePort(t)
			s.start(in, path, addr)
			accepts(t, addr)

			c := dial(t, addr)
			c.hello()
			c.mail(s.name, "ann@"+hostname, "bob@"+hostname)
			c.ask("NO\x00SUCH", "50")
			c.ask("RCPT TO:<ann@elsewhere.example>", "503 ")
			c.quit()
			for _, user := range []string{"ann", "bob"} {
				text := in.message(user)
				if !whole(text, s.name) {
					t.Errorf("%s's message is not what was sent:\n%s", user, text)
				}
				if !strings.Contains(text, "[127.0.0.1]") {
					t.Errorf("no client address in the message:\n%s", text)
				}
			}
			relayRefused(t, addr)
		})
	}
}

// relayRefused makes sure that a client who is trusted with nothing is not
// mistaken for one who may relay.
func relayRefused(t *testing.T, addr string) {
	t.Helper()
	c := dial(t, addr)
	c.hello()
	c.ask("MAIL FROM:<joe@example.net>", "250 ")
	c.ask("RCPT TO:<ann@elsewhere.example>", "550 5.7.1 ")
	c.ask("RCPT TO:<nobody-here@"+hostname+">", "550 5.1.1 ")
	c.quit()
}
