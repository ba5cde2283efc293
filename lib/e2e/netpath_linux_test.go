package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var pathToken = regexp.MustCompile(`network-hops=(\d+);\s+network-path=([0-9a-f:.* \n\t]+);\s+network-path-time=(\d+)`)

// networkPath is what X-Avenger of a message says: hops, routers, time.
func networkPath(t *testing.T, text string) (hops, routers, found string) {
	t.Helper()
	m := pathToken.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no path in the message:\n%s", text)
	}
	return m[1], strings.Join(strings.Fields(m[2]), " "), m[3]
}

// last is the newest message of a user, which is taken out.
func (in *instance) last(user string) string {
	in.t.Helper()
	text := in.message(user)
	names, _ := filepath.Glob(in.maildir(user) + "/new/*")
	if err := os.Remove(names[0]); err != nil {
		in.t.Fatal(err)
	}
	return text
}

// TestPathInHeader: smtpd behind four routers finds the path to its client while
// they talk. The header has what netpath finds, and the log, and a second
// session within ten minutes tells the time of the first.
func TestPathInHeader(t *testing.T) {
	c := NewChain(t, 4)
	for _, family := range []int{4, 6} {
		client, addr := c.Addr(family, c.Last()), "10.9.1.1:2525"
		if family == 6 {
			addr = "[fd09:1::1]:2525"
		}
		t.Run(client, func(t *testing.T) {
			in := newInstance(t, "SPF 0", "NetPath 1")
			at := []string{"netns", "exec", c.Name(0)}
			await(t, "netpath finds "+client, func() bool {
				out, _ := in.run("", "ip", append(at, program(t, "netpath"), "--fresh", client)...)
				return strings.HasSuffix(out, "\n5 "+client+"\n") && !strings.Contains(out, "*")
			})
			listen := in.start("ip", append(at, program(t, "listen"), addr)...)
			await(t, "listen listens", func() bool { return strings.Contains(c.In(0, "ss", "-ltn"), ":2525 ") })
			send := func() (hops, routers, found string) {
				talk := converse(t, c.Dial(c.Last(), addr))
				talk.expect("220 ")
				talk.hello()
				talk.mail("a path", "ann@"+hostname)
				talk.quit()
				return networkPath(t, in.last("ann"))
			}
			hops, routers, found := send()
			want := ""
			for i := 1; i <= c.Routers; i++ {
				want += c.Addr(family, i) + " "
			}
			if hops != "5" || routers+" " != want {
				t.Errorf("got %s: %s, want 5: %s", hops, routers, want)
			}
			if _, _, again := send(); again != found {
				t.Errorf("found at %s, and then at %s", found, again)
			}
			fields := `network_hops=` + hops + ` network_path="` + routers + `" network_path_time=` + found
			if out, _ := in.run(client+"\n", "ip", append(at, program(t, "netpath"))...); out != "client_address="+client+" "+fields+"\n" {
				t.Errorf("netpath as a filter: %s, want %s", out, fields)
			}
			if !listen.log.Has(fields) {
				t.Errorf("not in the log: %s", fields)
			}
		})
	}
}

// TestPathForMailer: programs have it in their environment.
func TestPathForMailer(t *testing.T) {
	f := &Far{Routers: 3}
	f.Start(t)
	in := newInstance(t, "SPF 0", "NetPath 1")
	in.write("mailer", "#!/bin/sh\ncat >/dev/null; env | grep ^CLIENT_NET | sort >"+in.root+"/env\n")
	if err := os.Chmod(filepath.Join(in.root, "mailer"), 0o755); err != nil {
		t.Fatal(err)
	}
	in.write("etc/postern/smtpd.conf", "Hostname "+hostname+"\nClientName 0\nSPF 0\nNetPath 1\nMailer "+in.root+"/mailer\n")
	c := in.behind(f)
	c.hello()
	c.mail("a path", "ann@"+hostname)
	c.quit()
	got, err := os.ReadFile(filepath.Join(in.root, "env"))
	want := "CLIENT_NETHOPS=4\nCLIENT_NETPATH=10.8.0.1 10.8.0.2 10.8.0.3\nCLIENT_NETPATH_TIME="
	if err != nil || !strings.HasPrefix(string(got), want) {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// behind begins a session with a host of a far network.
func (in *instance) behind(f *Far) *talk {
	in.t.Helper()
	in.write("net/local", "10.8.9.1!25")
	in.write("net/remote", FarHost+"!4242")
	conn, _ := in.connect("ip", "netns", "exec", f.Name, program(in.t, "smtpd"), "-n", filepath.Join(in.root, "net"))
	c := converse(in.t, conn)
	c.expect("220 ")
	return c
}

// TestPathDelaysNothing: while no probe is answered the dialogue goes on up to
// DATA, whose reply waits for the header. A machine so slow that the search is
// over before DATA gets another chance.
func TestPathDelaysNothing(t *testing.T) {
	for range 5 {
		if header := mailWhileHeld(t); strings.Contains(header, "network-hops=4;") {
			return
		}
	}
	t.Error("no session went on up to DATA while the path was looked for")
}

// mailWhileHeld sends a message, and lets probes be answered only when the
// recipient has been taken. It answers the message.
func mailWhileHeld(t *testing.T) string {
	t.Helper()
	hold := make(chan struct{})
	f := &Far{Routers: 3, Hold: hold}
	f.Start(t)
	in := newInstance(t, "SPF 0", "NetPath 1")
	c := in.behind(f)
	c.hello()
	c.ask("MAIL FROM:<joe@example.net>", "250 ")
	c.ask("RCPT TO:<ann@"+hostname+">", "250 ")
	close(hold)
	c.ask("DATA", "354 ")
	c.send("Subject: a path\r\n\r\n.\r\n")
	c.expect("250 ")
	c.quit()
	return in.last("ann")
}

// TestNoPath: mail of a client to which no path is found is taken without.
func TestNoPath(t *testing.T) {
	f := &Far{Routers: 3, Silent: []int{1, 2, 3, 4}}
	f.Start(t)
	in := newInstance(t, "SPF 0", "NetPath 1")
	c := in.behind(f)
	c.hello()
	c.mail("no path", "ann@"+hostname)
	c.quit()
	if text := in.last("ann"); strings.Contains(text, "network-hops") || strings.Contains(text, "network-path=") {
		t.Errorf("a path that nobody answered for:\n%s", text)
	}
}

// TestPathOnce: of sessions that one client begins at once, only one looks for
// the path to it.
func TestPathOnce(t *testing.T) {
	f := &Far{Routers: 3, Delay: 50 * time.Millisecond}
	f.Start(t)
	in := newInstance(t, "SPF 0", "NetPath 1")
	talks := make([]*talk, 5)
	for i := range talks {
		talks[i] = in.behind(f)
	}
	for _, c := range talks {
		c.hello()
		c.mail("a path", "ann@"+hostname)
		c.quit()
	}
	n := f.Probes.Load()
	times := make(map[string]int)
	for _, text := range in.messages("ann") {
		hops, _, found := networkPath(t, text)
		if times[found]++; hops != "4" {
			t.Errorf("got %s hops", hops)
		}
	}
	if len(times) != 1 || n > 2*16 {
		t.Errorf("found at %v, by %d probes", times, n)
	}
}
