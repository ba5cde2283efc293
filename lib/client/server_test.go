package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/tlsconf"
)

// waitLimit ends a test whose two sides wait for each other.
const waitLimit = 10 * time.Second

// server plays the server's side of a script, a step a line:
//
//	S: text       says a line, CRLF added
//	R: text       says exactly that; \r \n \0 stand for the octets
//	C: text       wants that line
//	T:            reads a text to its dot
//	TLS           does the handshake
//	CLOSE         closes the connection, as RESET does with an error
//	HANG          reads and says nothing until the client goes
//	ENDLESS text  says the line until the client goes
//
// At the end of the script the connection is closed. What was heard against
// the script goes to the test's log as an error.
type server struct {
	t      *testing.T
	conn   net.Conn
	in     *bufio.Reader
	config *tls.Config
	texts  []string // of T:
	done   chan struct{}
}

// serve starts a server with a script and returns a session with it, of which
// nothing was read.
func serve(t *testing.T, script string, o Options) (*Session, *server) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, config: serverConfig(t), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		conn, err := listener.Accept()
		listener.Close()
		if err != nil {
			return
		}
		defer func() { s.conn.Close() }()
		conn.SetDeadline(time.Now().Add(waitLimit))
		s.conn, s.in = conn, bufio.NewReader(conn)
		for step := range strings.Lines(script) {
			if step = strings.TrimSpace(step); step != "" && !s.play(step) {
				return
			}
		}
	}()
	o.Name = "me.example"
	session, err := Dial(t.Context(), "tcp", listener.Addr().String(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		session.Close()
		<-s.done
	})
	return session, s
}

// play does one step and reports whether there is a next.
func (s *server) play(step string) bool {
	word, arg, _ := strings.Cut(step, " ")
	switch word {
	case "S:":
		_, err := io.WriteString(s.conn, arg+"\r\n")
		return err == nil
	case "R:":
		_, err := io.WriteString(s.conn, strings.NewReplacer(`\r`, "\r", `\n`, "\n", `\0`, "\x00").Replace(arg))
		return err == nil
	case "C:":
		line, err := s.in.ReadString('\n')
		if err != nil || line != arg+"\r\n" {
			s.t.Errorf("server heard %q (%v), want %q", line, err, arg)
		}
		return err == nil
	case "T:":
		return s.text()
	case "TLS":
		conn := tls.Server(s.conn, s.config)
		s.conn, s.in = conn, bufio.NewReader(conn)
		return conn.Handshake() == nil
	case "RESET":
		s.conn.(*net.TCPConn).SetLinger(0)
		return false
	case "HANG":
		io.Copy(io.Discard, s.in)
	case "ENDLESS":
		for err := error(nil); err == nil; {
			_, err = io.WriteString(s.conn, strings.Repeat(arg+"\r\n", 100))
		}
	case "CLOSE":
	default:
		s.t.Errorf("script: what is %q?", step)
	}
	return false
}

// text reads a message text as it came over the wire.
func (s *server) text() bool {
	var text strings.Builder
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			s.texts = append(s.texts, text.String())
			return true
		}
		text.WriteString(line)
	}
}

// serverConfig has a certificate made on the spot.
func serverConfig(t *testing.T) *tls.Config {
	t.Helper()
	cert, key, err := tlsconf.SelfSigned(time.Now(), "mx.example")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}}
}

// ready is serve, with the banner and EHLO behind it. Offers are the lines
// behind the first.
func ready(t *testing.T, offers []string, script string, o Options) (*Session, *server) {
	t.Helper()
	lines := append([]string{"mx.example"}, offers...)
	hello := []string{"S: 220 mx.example", "C: EHLO me.example"}
	if o.LMTP {
		hello[1] = "C: LHLO me.example"
	}
	for i, line := range lines {
		hello = append(hello, "S: 250"+string("- "[min(1, (i+1)/len(lines))])+line)
	}
	session, s := serve(t, strings.Join(slices.Concat(hello, []string{script}), "\n"), o)
	ctx, cancel := context.WithTimeout(t.Context(), waitLimit)
	defer cancel()
	if _, err := session.Greet(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Hello(ctx); err != nil {
		t.Fatal(err)
	}
	return session, s
}
