package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/lib/record"
	"postern/lib/smtptest"
	"postern/lib/sysexits"
)

// maxFlood is more than the buffers of two sockets hold, in octets: a client
// that takes it reads a reply that never ends.
const maxFlood = 16 << 20

// hostile is a server that does one thing wrong, in all its sessions.
type hostile struct {
	net.Listener
	tls   *tls.Config // nil for a server that offers nothing
	step  string      // where it is hostile
	fault string
	flood atomic.Int64 // octets that a session of endless replies took
	all   sync.WaitGroup

	stopped chan struct{} // closed when the client is done
}

func newHostile(t *testing.T, config *tls.Config, step, fault string) *hostile {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{Listener: ln, tls: config, step: step, fault: fault, stopped: make(chan struct{})}
	h.all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			h.all.Go(func() { h.serve(conn) })
		}
	})
	return h
}

// stop waits until no client has a connection any more.
func (h *hostile) stop() {
	h.Close()
	close(h.stopped)
	h.all.Wait()
}

// visit is one session of a hostile server.
type visit struct {
	*hostile
	conn   net.Conn
	in     *bufio.Reader
	secure bool
}

func (h *hostile) serve(conn net.Conn) {
	v := &visit{hostile: h, conn: conn, in: bufio.NewReader(conn)}
	defer func() { v.conn.Close() }()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	if v.say("banner", "220 mx.example") != nil {
		return
	}
	for {
		line, err := v.in.ReadString('\n')
		if err != nil || v.obey(strings.TrimSuffix(line, "\r\n")) != nil {
			return
		}
	}
}

// obey does what a command asks.
func (v *visit) obey(line string) error {
	switch verb, _, _ := strings.Cut(line, " "); verb {
	case "EHLO", "LHLO":
		if v.secure {
			return v.say("hello", "250-mx.example\r\n250 PIPELINING")
		} else if v.tls != nil {
			return v.say("ehlo", "250-mx.example\r\n250-STARTTLS\r\n250 PIPELINING")
		}
		return v.say("ehlo", "250 mx.example")
	case "HELO":
		if v.secure {
			return v.say("hello", "250 mx.example")
		}
		return v.say("ehlo", "250 mx.example")
	case "STARTTLS":
		return v.startTLS()
	case "MAIL":
		return v.say("mail", "250 2.1.0 ok")
	case "RCPT":
		return v.say("rcpt", "250 2.1.5 ok")
	case "DATA":
		return v.data()
	case "QUIT":
		return v.say("quit", "221 bye")
	}
	return v.say("", "250 ok")
}

func (v *visit) startTLS() error {
	if err := v.say("starttls", "220 go on"); err != nil || v.step == "starttls" {
		return err
	}
	if v.step == "shake" {
		v.in.Peek(1) // the client has begun
		return v.say("shake", "220 no TLS")
	}
	conn := tls.Server(v.conn, v.tls)
	v.conn, v.in, v.secure = conn, bufio.NewReader(conn), true
	return conn.Handshake()
}

func (v *visit) data() error {
	refused := v.step == "data" && strings.HasSuffix(v.fault, "refuses")
	if err := v.say("data", "354 go on"); err != nil || refused {
		return err
	}
	for {
		switch line, err := v.in.ReadString('\n'); {
		case err != nil:
			return err
		case line == ".\r\n":
			return v.say("end", "250 2.0.0 kept")
		}
	}
}

// errDrop makes a session end.
var errDrop = errors.New("dropped")

// say gives a reply, or does something else where it is hostile.
func (v *visit) say(step, reply string) error {
	if step != v.step {
		_, err := io.WriteString(v.conn, reply+"\r\n")
		return err
	}
	code := reply[:3]
	switch v.fault {
	case "drop":
		return errDrop
	case "deaf":
		io.WriteString(v.conn, reply+"\r\n")
		<-v.stopped
		return errDrop
	case "silence":
		v.in.WriteTo(io.Discard) // until the client has gone
		return errDrop
	case "421":
		io.WriteString(v.conn, "421 4.3.2 bye\r\n")
		return errDrop
	case "endless line":
		return v.repeat(code+" ", strings.Repeat("x", 4096))
	case "endless reply":
		return v.repeat("", strings.Repeat(code+"-x\r\n", 1000))
	case "trickle":
		for {
			time.Sleep(100 * time.Millisecond)
			if _, err := io.WriteString(v.conn, code+"-x\r\n"); err != nil {
				return err
			}
		}
	}
	_, err := io.WriteString(v.conn, wrong(v.fault, code, reply)+"\r\n")
	return err
}

// wrong is what is said in the place of a reply.
func wrong(fault, code, reply string) string {
	switch fault {
	case "codes disagree":
		return code + "-yes\r\n550 no"
	case "no reply":
		return "SSH-2.0-x"
	case "no hyphen":
		return code + "=yes"
	case "bare LF":
		return code + " yes\n" + code + " yes"
	case "NUL":
		return code + " a\x00b"
	case "controls":
		return code + " a\x1b[31m\x07\x7fb\u0085\xff"
	case "early":
		return reply + "\r\n250 early"
	case "354":
		return "354 go on"
	case "later refuses":
		return "451 4.3.0 later"
	case "refuses":
		return "554 5.7.1 no"
	}
	return reply
}

// repeat writes without end.
func (v *visit) repeat(once, again string) error {
	io.WriteString(v.conn, once)
	for taken := int64(0); taken <= maxFlood; {
		n, err := io.WriteString(v.conn, again)
		if taken += int64(n); err != nil {
			return err
		}
		v.flood.Store(max(taken, v.flood.Load()))
	}
	return errDrop
}

// hostility is what becomes of a message, for each step and fault: a accepted,
// d put off, r refused. A handshake that fails leaves the way in the clear.
const hostility = `
               banner ehlo starttls shake hello mail rcpt data end quit
drop           d      d    d        a     d     d    d    d    d   a
silence        d      d    d        a     d     d    d    d    d   a
trickle        d      d    d        a     d     d    d    d    d   a
421            d      d    d        a     d     d    d    d    d   a
endless-line   d      d    d        a     d     d    d    d    d   a
endless-reply  d      d    d        a     d     d    d    d    d   a
codes-disagree d      d    d        a     d     d    d    d    d   a
no-reply       d      d    d        a     d     d    d    d    d   a
no-hyphen      d      d    d        a     d     d    d    d    d   a
bare-LF        d      d    d        a     d     d    d    d    d   a
NUL            d      d    d        a     d     d    d    d    d   a
controls       a      a    -        a     a     a    a    a    a   a
early          d      d    d        a     d     d    d    d    a   a
354            d      d    a        a     d     d    d    -    d   a
later-refuses  d      d    a        a     d     d    d    d    d   a
refuses        r      r    a        a     r     r    r    r    r   a
`

// meaning is verdict and exit status of a letter in that table.
var meaning = map[string]struct {
	verdict string
	status  int
}{"a": {"accept", 0}, "d": {"defer", sysexits.TempFail}, "r": {"reject", sysexits.Unavailable}}

// eachHostility calls check for each cell of the table, all at once.
func eachHostility(check func(step, fault, want string)) {
	lines := strings.Split(strings.TrimSpace(hostility), "\n")
	steps := strings.Fields(lines[0])
	var all sync.WaitGroup
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		for i, want := range cells[1:] {
			if want != "-" {
				all.Go(func() { check(steps[i], strings.ReplaceAll(cells[0], "-", " "), want) })
			}
		}
	}
	all.Wait()
}

// TestHostile sends a message to each hostile server: with TLS and PIPELINING,
// and with nothing of that.
func TestHostile(t *testing.T) {
	config := smtptest.ServerConfig(t, "mx.example")
	eachHostility(func(step, fault, want string) {
		checkHostile(t, newHostile(t, config, step, fault), want)
		if !slices.Contains([]string{"starttls", "shake", "hello"}, step) {
			checkHostile(t, newHostile(t, nil, step, fault), want)
		}
	})
}

// TestHostileLMTP sends it by LMTP.
func TestHostileLMTP(t *testing.T) {
	config := smtptest.ServerConfig(t, "mx.example")
	eachHostility(func(step, fault, want string) {
		checkHostile(t, newHostile(t, config, step, fault), want, "-L")
	})
}

// TestHostilePing asks each of them about an address. To whom says more than
// was asked behind RCPT nothing else is said.
func TestHostilePing(t *testing.T) {
	eachHostility(func(step, fault, want string) {
		if !slices.Contains([]string{"banner", "ehlo", "mail", "rcpt", "quit"}, step) {
			return
		}
		if step == "rcpt" && fault == "early" {
			want = "a"
		}
		checkHostile(t, newHostile(t, nil, step, fault), want, "-p")
	})
}

func checkHostile(t *testing.T, h *hostile, letter string, options ...string) {
	defer h.stop()
	name := fmt.Sprintf("%s at %s, TLS %v", h.fault, h.step, h.tls != nil)
	args := append(options, "-s", "-h", "host.example", "--timeout", "1", h.Addr().String(), "me@y", "a@x")
	var out, errs strings.Builder
	status := run(args, strings.NewReader("Subject: x\n\ntext\n"), &out, &errs)
	r, err := record.ParseLine([]byte(out.String()))
	if err != nil || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("%s: got %q, %v, %s", name, &out, err, &errs)
	}
	if want := meaning[letter]; status != want.status || r.Value("verdict") != want.verdict {
		t.Errorf("%s: got %d, want %d %s: %s", name, status, want.status, want.verdict, &out)
	}
	for _, c := range out.String() {
		if c < ' ' && c != '\n' || c > '~' {
			t.Errorf("%s: a control character in %q", name, &out)
		}
	}
	if n := h.flood.Load(); n > maxFlood {
		t.Errorf("%s: it took %d octets of a reply", name, n)
	}
}

// A server that takes no more of a text is not waited for without end.
func TestDeaf(t *testing.T) {
	h := newHostile(t, nil, "data", "deaf")
	defer h.stop()
	var out, errs strings.Builder
	status := run([]string{"-h", "host.example", "--timeout", "1", h.Addr().String(), "me@y", "a@x"},
		io.MultiReader(strings.NewReader("Subject: x\n\n"), io.LimitReader(lineFeeds{}, 32<<20)), &out, &errs)
	if status != sysexits.TempFail || !strings.Contains(out.String(), "verdict=defer") {
		t.Errorf("got %d, %s%s", status, &out, &errs)
	}
}

// lineFeeds is a text of empty lines.
type lineFeeds struct{}

func (lineFeeds) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	return len(p), nil
}
