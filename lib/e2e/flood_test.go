package e2e

import (
	"net"
	"strings"
	"testing"
	"time"
)

// attackers is how many connections an attacker holds open and says nothing on.
const attackers = 2000

// TestIdleAttackers: connections from one address that say nothing do not keep
// others waiting for more than a second.
func TestIdleAttackers(t *testing.T) {
	if testing.Short() {
		t.Skip("two thousand connections")
	}
	for _, args := range [][]string{{"-m", "100"}, {"-m", "20", "-w", "40"}, {"-m", "50", "-w", "1:10000:200"}} {
		t.Run("listen "+strings.Join(args, " "), func(t *testing.T) {
			in := newInstance(t)
			addr := FreePort(t)
			in.start(program(t, "listen"), append(args, addr)...)
			accepts(t, addr)
			for range attackers {
				conn, err := net.DialTimeout("tcp", addr, patience)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
			}
			best := patience
			for range 3 { // the machine has other work
				best = min(best, freshSession(t, addr))
			}
			if best > time.Second {
				t.Errorf("a fresh session took %v beside %d idle ones, want at most a second", best, attackers)
			}
		})
	}
}

// freshSession delivers a message from an address of its own and answers how
// long that took.
func freshSession(t *testing.T, addr string) time.Duration {
	t.Helper()
	begin := time.Now()
	c := converse(t, dialFrom(t, "127.0.0.2", addr))
	c.expect("220 ")
	c.hello()
	c.mail("from a stranger", "ann@"+hostname)
	c.quit()
	return time.Since(begin)
}

// dialFrom connects from an address of this host.
func dialFrom(t testing.TB, from, addr string) net.Conn {
	t.Helper()
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.Dial("tcp", addr)
	if err != nil {
		t.Skipf("no connection from %s: %v", from, err) // only Linux has all of 127/8
	}
	return conn
}

// TestTooManyFromOneAddress: beyond the limit of an address a client is told to
// come later, by SMTP.
func TestTooManyFromOneAddress(t *testing.T) {
	in := newInstance(t)
	addr := FreePort(t)
	in.start(program(t, "listen"), "-m", "2", addr)
	accepts(t, addr)
	var sessions []*talk
	await(t, "two places", func() bool { // the probe of accepts gives its own back
		for _, c := range sessions {
			c.conn.Close()
		}
		sessions = nil
		for range 2 {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			c := converse(t, conn)
			if got, _ := c.reply(); !strings.HasPrefix(got, "220 ") {
				return false
			}
			sessions = append(sessions, c)
		}
		return true
	})
	var third *talk
	await(t, "a refusal in words", func() bool { // on a busy machine many have come before, and the next are hung up on for a while
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		third = converse(t, conn)
		got, err := third.reply()
		if err == nil && !strings.HasPrefix(got, "45") {
			t.Fatalf("the third is told %q", got)
		}
		return err == nil
	})
	third.ended()
	sessions[0].quit()
	await(t, "a place again", func() bool {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := converse(t, conn).reply()
		conn.Close()
		return strings.HasPrefix(got, "220 ")
	})
}
