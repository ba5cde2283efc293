package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// sessionOf runs a smtpd with these options for a client of this address. Where
// it is connected from the program is told as Plan 9's listeners do.
func (in *instance) sessionOf(client string, options ...string) (net.Conn, *process) {
	in.t.Helper()
	dir := filepath.Join(in.root, "net", client)
	if _, err := os.Stat(dir); err != nil { // sessions of this client may be reading it
		in.write("net/"+client+"/local", "192.0.2.25!25")
		in.write("net/"+client+"/remote", client+"!4242")
	}
	return in.connect(append([]string{program(in.t, "smtpd"), "-n", dir}, options...)...)
}

// each runs f for n sessions of one client at once, and counts what it answers.
func (in *instance) each(n int, client string, f func(*talk) string) map[string]int {
	in.t.Helper()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i], _ = in.sessionOf(client)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	count := map[string]int{}
	for _, conn := range conns {
		c := converse(in.t, conn)
		wait.Go(func() {
			answer := f(c)
			mu.Lock()
			defer mu.Unlock()
			count[answer]++
		})
	}
	wait.Wait()
	return count
}

// code is the code of the next reply.
func (c *talk) code() string {
	reply, err := c.reply()
	if err != nil || len(reply) < 3 {
		return fmt.Sprintf("%q, %v", reply, err)
	}
	return reply[:3]
}

// oneRcpt is the code of the reply to RCPT.
func oneRcpt(c *talk) string {
	fmt.Fprint(c.conn, "EHLO client.example\r\nMAIL FROM:<>\r\nRCPT TO:<bob@"+hostname+">\r\nQUIT\r\n")
	for range 3 { // greeting, EHLO, MAIL
		c.code()
	}
	return c.code()
}

// Of 200 processes at once exactly as many have a recipient accepted as the
// limit has room for, while the state is swept twice at once.
func TestRateOfManyProcesses(t *testing.T) {
	in := newInstance(t, "SPF 0", "MaxMsgsPerIP 1 40")
	stop := make(chan struct{})
	var sweepers sync.WaitGroup
	for range 2 {
		sweepers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if out, status := in.run("", program(t, "limit"), "--sweep"); status != 0 {
					t.Errorf("limit --sweep: %d %s", status, out)
					return
				}
			}
		})
	}
	got := in.each(200, "192.0.2.7", oneRcpt)
	close(stop)
	sweepers.Wait()
	if got["250"] != 40 || got["450"] != 160 {
		t.Errorf("replies to RCPT: %v, want 40 of 250 and 160 of 450", got)
	}
	if got := in.each(1, "192.0.2.8", oneRcpt); got["250"] != 1 {
		t.Errorf("another client: %v", got)
	}
}

// Of 100 processes at once exactly as many greet as there are places, and who
// is killed gives his back.
func TestPlacesOfManyProcesses(t *testing.T) {
	in := newInstance(t, "SPF 0", "MaxClients 30", "MaxConPerIP 20")
	var held []*process
	count := map[string]int{}
	for i := range 100 {
		conn, p := in.sessionOf(fmt.Sprintf("192.0.2.%d", i%2))
		c := converse(t, conn)
		code := c.code()
		if count[code]++; code == "220" {
			held = append(held, p)
		}
	}
	if count["220"] != 30 || count["450"] != 70 {
		t.Fatalf("greetings: %v, want 30 of 220", count)
	}
	for _, p := range held {
		syscall.Kill(p.Process.Pid, syscall.SIGKILL)
		<-p.done
	}
	if got := in.each(1, "192.0.2.1", (*talk).code); got["220"] != 1 {
		t.Errorf("after all were killed: %v", got)
	}
}

// MaxConPerIP is for one client, MaxClients for all.
func TestPlacesOfOneClient(t *testing.T) {
	in := newInstance(t, "SPF 0", "MaxConPerIP 2", "MaxClients 3")
	for _, c := range []struct{ client, want string }{
		{"192.0.2.1", "220"}, {"192.0.2.1", "220"}, {"192.0.2.1", "450"},
		{"192.0.2.2", "220"}, {"192.0.2.2", "450"},
	} {
		conn, _ := in.sessionOf(c.client)
		if got := converse(t, conn).code(); got != c.want {
			t.Errorf("%s is told %s, want %s", c.client, got, c.want)
		}
	}
}

// Errors in one process close the door in the next.
func TestErrorsOfManyProcesses(t *testing.T) {
	in := newInstance(t, "SPF 0", "MaxErrorsPerIP 1 6")
	for range 2 {
		conn, _ := in.sessionOf("2001:db8::1")
		c := converse(t, conn)
		c.expect("220 ")
		for range 3 {
			c.ask("NOSUCH", "500 ")
		}
		c.quit()
	}
	conn, _ := in.sessionOf("2001:db8::2") // the same /64
	c := converse(t, conn)
	c.expect("421 4.7.28 ")
	c.ended()
	conn, _ = in.sessionOf("2001:db8:0:1::2")
	converse(t, conn).expect("220 ")
}

// One user sends from two places, and has one limit.
func TestUserOfManyProcesses(t *testing.T) {
	in := newInstance(t, "SPF 0", "MaxMsgsPerUser 1 3", "Users users", "AuthPlainClear 1")
	in.write("etc/postern/users", "ann:{PLAIN}secret\n")
	if err := os.Chmod(filepath.Join(in.root, "etc/postern/users"), 0o600); err != nil {
		t.Fatal(err)
	}
	send := func(c *talk) string {
		fmt.Fprint(c.conn, "EHLO client.example\r\n")
		c.code()
		c.code()
		fmt.Fprint(c.conn, "AUTH PLAIN AGFubgBzZWNyZXQ=\r\n")
		if got := c.code(); got != "235" {
			return "AUTH " + got
		}
		fmt.Fprint(c.conn, "MAIL FROM:<ann@"+hostname+">\r\nRCPT TO:<x@other.example>\r\n")
		c.code()
		return c.code()
	}
	total := map[string]int{}
	for _, client := range []string{"192.0.2.1", "198.51.100.1"} {
		for code, n := range in.each(3, client, send) {
			total[code] += n
		}
	}
	if total["250"] != 3 || total["450"] != 3 {
		t.Errorf("replies to RCPT: %v, want 3 of 250 and 3 of 450", total)
	}
}

// A store that cannot be used keeps mail away for a while, and no longer.
func TestLimitsWithoutStore(t *testing.T) {
	in := newInstance(t, "SPF 0", "MaxMsgsPerIP 10")
	in.write("var/lib/postern/state", "no folder")
	if got := in.each(1, "192.0.2.7", oneRcpt); got["451"] != 1 {
		t.Errorf("replies to RCPT: %v, want 451", got)
	}
}

// Under listeners that do not count, smtpd does; each of them has a process
// for each connection.
func TestPlacesUnderSuperServers(t *testing.T) {
	for _, s := range superServers {
		if strings.HasPrefix(s.name, "listen") {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			path := Need(t, s.needs...)[0]
			in := newInstance(t, "SPF 0", "MaxConPerIP 2")
			addr := FreePort(t)
			s.start(in, path, addr)
			accepts(t, addr)
			var sessions []*talk
			await(t, "two places", func() bool { // the probe of accepts gives its own back
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				c := converse(t, conn)
				if c.code() == "220" {
					sessions = append(sessions, c)
				}
				return len(sessions) == 2
			})
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			third := converse(t, conn)
			third.expect("450")
			third.ended()
			converse(t, dialFrom(t, "127.0.0.9", addr)).expect("220 ")
			sessions[0].quit()
			await(t, "a place again", func() bool {
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				return converse(t, conn).code() == "220"
			})
		})
	}
}

// A sender that is told of too many recipients sends another copy to the rest,
// and all get it.
func TestSenderSplits(t *testing.T) {
	in := newInstance(t, "SPF 0", "MaxRcpts 2")
	addr := FreePort(t)
	in.start(program(t, "listen"), addr)
	accepts(t, addr)
	args := []string{addr, "joe@example.net"}
	users := []string{"ann", "bob", "alice", "postmaster"}
	for _, user := range users {
		args = append(args, user+"@"+hostname)
	}
	out, status := in.run(testMessage("split"), program(t, "smtp"), args...)
	if status != 0 || strings.Count(out, "verdict=accept") != len(users) {
		t.Errorf("smtp: exit %d\n%s", status, out)
	}
	for _, user := range users {
		if text := in.message(user); !strings.HasSuffix(text, "the end of split\n") {
			t.Errorf("%s's message is not what was sent:\n%s", user, text)
		}
	}
}

// Scripts see and change what smtpd counts, by limit.
func TestLimitAndSmtpd(t *testing.T) {
	in := newInstance(t, "SPF 0", "MaxMsgsPerIP 1 1", "MaxErrorsPerIP 1 1")
	limit := func(want int, words ...string) {
		t.Helper()
		if out, status := in.run("", program(t, "limit"), words...); status != want {
			t.Errorf("limit %q: %d, %s; want %d", words, status, out, want)
		}
	}
	rcpt := func(want string) {
		t.Helper()
		if got := in.each(1, "192.0.2.7", oneRcpt); got[want] != 1 {
			t.Errorf("replies to RCPT: %v, want %s", got, want)
		}
	}
	limit(0, "-n", "msgs:192.0.2.7", "1", "1")
	rcpt("250")
	limit(75, "-n", "msgs:192.0.2.7", "1", "1")
	limit(0, "-n", "errors:192.0.2.7", "1", "1")
	rcpt("450")
	limit(75, "-n", "errors:192.0.2.7", "1", "1")
	limit(0, "errors:192.0.2.7", "1", "1", "-1") // forgiven
	limit(0, "msgs:192.0.2.7", "1", "1", "-1")
	rcpt("250")
}
