package auth

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Waits and bounds of the dialogue with Dovecot.
const (
	dovecotWait  = 90 * time.Second // an answer: Dovecot makes who guesses wait
	dovecotHello = 10 * time.Second // its greeting
	dovecotKeep  = time.Minute      // for what it said of its mechanisms
	dovecotLine  = 64 << 10         // octets of a line
	dovecotLines = 100              // lines of its greeting
)

// Dovecot is a back-end: the socket of Dovecot's auth service, protocol 1.
// Each mechanism is Dovecot's own; challenges and responses are passed on. It
// may be used by many goroutines.
type Dovecot struct {
	socket string
	now    func() time.Time

	mu    sync.Mutex
	list  []string // what it offers
	asked time.Time
}

// NewDovecot makes a back-end of a Unix socket.
func NewDovecot(socket string) *Dovecot { return &Dovecot{socket: socket, now: time.Now} }

// Mechanisms are those that Dovecot offers to the public, but for those that
// need what only it knows of the connection.
func (d *Dovecot) Mechanisms(ctx context.Context) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.list != nil && d.now().Sub(d.asked).Abs() < dovecotKeep {
		return d.list, nil
	}
	c, err := d.dial(ctx)
	if err != nil {
		return nil, err
	}
	c.close()
	d.list, d.asked = c.mechanisms, d.now()
	return d.list, nil
}

// Begin starts an exchange on a connection of its own.
func (d *Dovecot) Begin(ctx context.Context, mechanism string, p Peer) (Exchange, error) {
	c, err := d.dial(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range c.mechanisms {
		if m == mechanism {
			return &dovecotExchange{conn: c, mechanism: mechanism, peer: p}, nil
		}
	}
	c.close()
	return nil, ErrMechanism
}

// dovecotConn is a connection on which both sides have greeted.
type dovecotConn struct {
	net.Conn
	in         *bufio.Reader
	mechanisms []string
}

// dial connects, and hears Dovecot's greeting to its end.
func (d *Dovecot) dial(ctx context.Context) (*dovecotConn, error) {
	ctx, cancel := context.WithTimeout(ctx, dovecotHello)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", d.socket)
	if err != nil {
		return nil, unavailable(err)
	}
	c := &dovecotConn{Conn: conn, in: bufio.NewReader(conn)}
	if err := c.greet(); err != nil {
		c.close()
		return nil, unavailable(fmt.Errorf("%s: %w", d.socket, err))
	}
	return c, nil
}

func (c *dovecotConn) close() { c.Conn.Close() }

func (c *dovecotConn) greet() error {
	c.SetDeadline(time.Now().Add(dovecotHello))
	if _, err := fmt.Fprintf(c, "VERSION\t1\t1\nCPID\t%d\n", os.Getpid()); err != nil {
		return err
	}
	for range dovecotLines {
		fields, err := c.line()
		if err != nil {
			return err
		}
		switch fields[0] {
		case "VERSION":
			if len(fields) < 2 || fields[1] != "1" {
				return fmt.Errorf("speaks version %.20q", fields[1:])
			}
		case "MECH":
			c.offer(fields[1:])
		case "DONE":
			return nil
		}
	}
	return errors.New("greets without an end")
}

// offer takes a mechanism that is for everybody.
func (c *dovecotConn) offer(fields []string) {
	if len(fields) == 0 || !ValidMechanism(fields[0]) {
		return
	}
	switch name := fields[0]; {
	case name == "EXTERNAL", name == "ANONYMOUS", strings.HasSuffix(name, "-PLUS"):
		return
	}
	for _, flag := range fields[1:] {
		if flag == "private" || flag == "anonymous" {
			return
		}
	}
	c.mechanisms = append(c.mechanisms, fields[0])
}

// line reads a line of fields. There is always a first.
func (c *dovecotConn) line() ([]string, error) {
	var line []byte
	for {
		part, err := c.in.ReadSlice('\n')
		line = append(line, part...)
		if err == nil {
			return strings.Split(string(bytes.TrimSuffix(line, []byte{'\n'})), "\t"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
		if len(line) > dovecotLine {
			return nil, errors.New("line too long")
		}
	}
}

// dovecotExchange passes one exchange on.
type dovecotExchange struct {
	claimed
	conn      *dovecotConn
	mechanism string
	peer      Peer
	begun     bool
}

// Close gives the connection up, which is how Dovecot hears of it.
func (x *dovecotExchange) Close() { x.conn.close() }

func (x *dovecotExchange) Next(ctx context.Context, response []byte) (challenge []byte, done bool, err error) {
	x.conn.SetDeadline(time.Now().Add(dovecotWait))
	defer context.AfterFunc(ctx, func() { x.conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := x.conn.Write(x.request(response)); err != nil {
		return nil, false, unavailable(err)
	}
	for {
		fields, err := x.conn.line()
		if err != nil {
			return nil, false, unavailable(err)
		}
		if len(fields) < 2 || fields[1] != "1" {
			continue // another request's, or news of none
		}
		switch fields[0] {
		case "CONT":
			return challengeOf(fields)
		case "OK":
			return nil, true, x.accepted(fields[2:])
		case "FAIL":
			return nil, false, x.failed(fields[2:])
		}
	}
}

// request is what Dovecot is told: AUTH, and from then on CONT.
func (x *dovecotExchange) request(response []byte) []byte {
	if x.begun {
		return []byte("CONT\t1\t" + encode64(response) + "\n")
	}
	x.begun = true
	fields := []string{"AUTH", "1", x.mechanism, "service=" + x.peer.Service, "nologin"}
	add := func(name, value string) { fields = append(fields, name+"="+value) }
	if c := x.peer.Client; c.IsValid() {
		add("rip", c.Addr().String())
		add("rport", strconv.Itoa(int(c.Port())))
	}
	if s := x.peer.Server; s.IsValid() {
		add("lip", s.Addr().String())
		add("lport", strconv.Itoa(int(s.Port())))
	}
	if x.peer.Secure {
		fields = append(fields, "secured")
	}
	if response != nil { // it must be the last
		add("resp", encode64(response))
	}
	return []byte(strings.Join(fields, "\t") + "\n")
}

func challengeOf(fields []string) ([]byte, bool, error) {
	if len(fields) < 3 {
		return []byte{}, false, nil
	}
	challenge, ok := decode64([]byte(fields[2]))
	if !ok {
		return nil, false, fmt.Errorf("%w: Dovecot's challenge is not in base64", ErrUnavailable)
	}
	return challenge, false, nil
}

// accepted takes the name from OK; without one nobody is let in.
func (x *dovecotExchange) accepted(fields []string) error {
	for _, f := range fields {
		if name, ok := strings.CutPrefix(f, "user="); ok {
			if err := x.claim(unescapeTab(name)); err != nil {
				return unavailable(errors.New("the user's name from Dovecot is malformed"))
			}
			return nil
		}
	}
	return fmt.Errorf("%w: Dovecot does not say who it was", ErrUnavailable)
}

// failed takes the name and the reason from FAIL.
func (x *dovecotExchange) failed(fields []string) error {
	err := ErrCredentials
	var why []string
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		switch {
		case name == "user":
			x.claim(unescapeTab(value))
		case name == "temp", f == "code=temp_fail":
			err = ErrUnavailable
		case name == "reason", name == "code", name == "user_disabled", name == "pass_expired", name == "authz":
			why = append(why, unescapeTab(f))
		}
	}
	if len(why) > 0 {
		return fmt.Errorf("%w: %s", err, strings.Join(why, " "))
	}
	return err
}

// unescapeTab undoes Dovecot's way to write what would end a field.
func unescapeTab(s string) string {
	return strings.NewReplacer("\x010", "\x00", "\x011", "\x01", "\x01t", "\t", "\x01n", "\n", "\x01r", "\r").Replace(s)
}
