package e2e

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// talk is one SMTP session of a client that believes nothing: every line of
// the server must be SMTP.
type talk struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

// dial begins a session and takes the greeting.
func dial(t testing.TB, addr string) *talk {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	c := converse(t, conn)
	c.expect("220 " + hostname)
	return c
}

func converse(t testing.TB, conn net.Conn) *talk {
	t.Cleanup(func() { conn.Close() })
	return &talk{t: t, conn: conn, r: bufio.NewReader(conn)}
}

// reply reads one whole reply. Its error says what was wrong with it.
func (c *talk) reply() (string, error) {
	c.conn.SetReadDeadline(time.Now().Add(patience))
	var text strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return text.String() + line, err
		}
		text.WriteString(line)
		switch {
		case len(line) < 6 || !strings.HasSuffix(line, "\r\n") || strings.Trim(line[:3], "0123456789") != "":
			return text.String(), fmt.Errorf("not a reply: %q", line)
		case line[3] == ' ':
			return text.String(), nil
		case line[3] != '-':
			return text.String(), fmt.Errorf("not a reply: %q", line)
		}
	}
}

// say sends a command and takes whatever reply there is.
func (c *talk) say(command string) string {
	c.t.Helper()
	c.send(command + "\r\n")
	return c.take()
}

// take takes whatever reply is next.
func (c *talk) take() string {
	c.t.Helper()
	got, err := c.reply()
	if err != nil {
		c.t.Fatalf("%v (got %q)", err, got)
	}
	return got
}

// expect takes a reply that begins with want.
func (c *talk) expect(want string) string {
	c.t.Helper()
	got, err := c.reply()
	if err != nil {
		c.t.Fatalf("waiting for %q: %v (got %q)", want, err, got)
	}
	if !strings.HasPrefix(got, want) {
		c.t.Fatalf("reply %q, want %q", got, want)
	}
	return got
}

// send writes text as it is.
func (c *talk) send(text string) {
	c.t.Helper()
	c.conn.SetWriteDeadline(time.Now().Add(patience))
	if _, err := c.conn.Write([]byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// ask sends a command and expects an answer.
func (c *talk) ask(command, want string) string {
	c.t.Helper()
	c.send(command + "\r\n")
	return c.expect(want)
}

// hello says EHLO.
func (c *talk) hello() string {
	c.t.Helper()
	return c.ask("EHLO client.example.net", "250-"+hostname)
}

// mail sends testMessage(subject) to recipients, and answers the reply to its
// last dot.
func (c *talk) mail(subject string, rcpts ...string) string {
	c.t.Helper()
	c.ask("MAIL FROM:<joe@example.net>", "250 ")
	for _, rcpt := range rcpts {
		c.ask("RCPT TO:<"+rcpt+">", "250 ")
	}
	c.ask("DATA", "354 ")
	c.send(strings.ReplaceAll(testMessage(subject), "\n.", "\n..") + ".\r\n")
	return c.expect("250 ")
}

// quit ends the session, and takes nothing but 221 and the end of it.
func (c *talk) quit() {
	c.t.Helper()
	c.ask("QUIT", "221 ")
	c.ended()
}

// ended expects the end of the session.
func (c *talk) ended() {
	c.t.Helper()
	c.conn.SetReadDeadline(time.Now().Add(patience))
	if rest, err := c.r.ReadString(0); err == nil || rest != "" || isTimeout(err) {
		c.t.Fatalf("after the end of the session: %q, %v", rest, err)
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}
