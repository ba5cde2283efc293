package smtptest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long the other side may take for a line.
const patience = 10 * time.Second

// Player plays one side of dialogues.
type Player struct {
	Side Side
	TLS  *tls.Config // for dialogues with TLS in them
}

// Play plays the dialogue on conn, which it closes. The error names the line
// of the dialogue at which the other side did something else.
func (p Player) Play(d Dialogue, conn net.Conn) error {
	pl := play{Player: p, conn: conn, in: bufio.NewReader(conn)}
	defer func() { pl.conn.Close() }()
	for i := 0; i < len(d.steps); {
		n, err := pl.turn(d.steps[i:])
		if err != nil {
			return fmt.Errorf("%s:%d: %w", d.Name, d.steps[i+n].num, err)
		}
		i += n
	}
	return nil
}

type play struct {
	Player
	conn net.Conn
	in   *bufio.Reader
	held string // a line that was read and belongs to a later step
}

// turn plays the first step, or as many of our own as follow one another. With
// an error it returns how many steps went well.
func (p *play) turn(steps []step) (int, error) {
	p.conn.SetDeadline(time.Now().Add(patience))
	switch steps[0].side {
	case 0:
		return 1, p.handshake()
	case p.Side:
		return p.speak(steps)
	}
	if err := p.listen(steps[0]); err != nil {
		return 0, err
	}
	return 1, nil
}

// speak sends our lines in one write.
func (p *play) speak(steps []step) (n int, err error) {
	var b strings.Builder
	for n < len(steps) && steps[n].side == p.Side && !steps[n].end {
		b.WriteString(must(steps[n].text))
		if steps[n].crlf {
			b.WriteString("\r\n")
		}
		n++
	}
	if n == 0 {
		return 1, p.endOurs()
	}
	if _, err = io.WriteString(p.conn, b.String()); err != nil {
		return 0, err
	}
	return n, nil
}

// endOurs says that we say no more.
func (p *play) endOurs() error {
	if half, ok := p.conn.(interface{ CloseWrite() error }); ok && p.Side == Client {
		return half.CloseWrite()
	}
	return p.conn.Close()
}

// listen compares what the other side says with a step.
func (p *play) listen(s step) error {
	if s.end {
		return p.expectEnd()
	}
	if front, ok := strings.CutSuffix(s.text, "-..."); ok {
		return p.skipLines(front + "-")
	}
	line, err := p.line()
	switch {
	case err != nil:
		return fmt.Errorf("got %w, want %q", err, s.text)
	case !match(s.text, line):
		return fmt.Errorf("got %q, want %q", line, s.text)
	case p.Side == Client:
		return CheckReplyLine(line)
	}
	return nil
}

// line returns the next line without its CRLF, which it must have.
func (p *play) line() (string, error) {
	if line := p.held; line != "" {
		p.held = ""
		return line, nil
	}
	line, err := p.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	line, ok := strings.CutSuffix(line, "\r\n")
	if !ok {
		return "", fmt.Errorf("a line without CR: %q", line)
	}
	return line, nil
}

func (p *play) skipLines(front string) error {
	for {
		line, err := p.line()
		if err != nil {
			return fmt.Errorf("got %w, want lines %q", err, front)
		}
		if !strings.HasPrefix(line, front) {
			p.held = line
			return nil
		}
		if err := CheckReplyLine(line); err != nil {
			return err
		}
	}
}

func (p *play) expectEnd() error {
	line, err := p.line()
	if err == io.EOF || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("got %w, want the end", err)
	}
	return fmt.Errorf("got %q, want the end", line)
}

func (p *play) handshake() error {
	if p.TLS == nil {
		return errors.New("no TLS configuration")
	}
	var c *tls.Conn
	if p.Side == Client {
		c = tls.Client(p.conn, p.TLS)
	} else {
		c = tls.Server(p.conn, p.TLS)
	}
	p.conn, p.in = c, bufio.NewReader(c)
	return c.Handshake()
}

// RunFiles plays each dialogue whose file name matches the pattern as the
// client of a server of its own, as a subtest with the file's name. The server
// serves the connection that it is given, and closes it or returns.
func RunFiles(t *testing.T, pattern string, p Player, serve func(net.Conn)) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogue %s (%v)", pattern, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			Run(t, file, string(text), p, serve)
		})
	}
}

// Run plays the client's part of one dialogue, given as text.
func Run(t testing.TB, name, text string, p Player, serve func(net.Conn)) {
	t.Helper()
	d, err := Parse(name, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	client, server := Pair(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer server.Close()
		serve(server)
	}()
	p.Side = Client
	if err := p.Play(d, client); err != nil {
		t.Error(err)
	}
	<-done
}

// lateness is how long a server that a test no longer needs waits for the
// clients of its dialogues.
const lateness = 5 * time.Second

// Serve listens on a loopback address and plays the server's part of the
// dialogues, one on each connection in their order. What goes wrong is an
// error of the test, at the latest at its end.
func Serve(t testing.TB, p Player, dialogues ...string) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.Side = Server
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i, text := range dialogues {
			if err := p.serveOne(l, fmt.Sprintf("dialogue %d", i+1), text); err != nil {
				t.Error(err)
			}
		}
	}()
	t.Cleanup(func() {
		// A connection that the test has made may not be accepted yet.
		select {
		case <-done:
		case <-time.After(lateness):
		}
		l.Close()
		<-done
	})
	return l.Addr().String()
}

func (p Player) serveOne(l net.Listener, name, text string) error {
	d, err := Parse(name, strings.NewReader(text))
	if err != nil {
		return err
	}
	c, err := l.Accept()
	if err != nil {
		return fmt.Errorf("%s: nobody came: %w", name, err)
	}
	return p.Play(d, c)
}

// Pair returns the two ends of a TCP connection over loopback. Both are closed
// at the end of the test.
func Pair(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}
