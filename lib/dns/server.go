package dns

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	mdns "github.com/miekg/dns"
)

// payload is the size of UDP answers that we ask for (RFC 6891 6.2.5): what
// passes every path unfragmented.
const payload = 1232

// manyQuestions is after how many a socket to another host is replaced by one
// with another port, so that who found out the port has not long.
const manyQuestions = 2000

var (
	errSilent  = errors.New("does not answer")
	errForged  = errors.New("answers are being forged")
	errRetired = errors.New("socket was idle") // another one has to be opened
	errStrange = errors.New("answers something else than was asked")
)

// server is one name server and the socket to it.
type server struct {
	addr  netip.AddrPort
	mix   bool        // mix letter cases: 32 more bits against forgers who cannot see the question
	trust bool        // its AD bit counts
	tcp   bool        // by TCP alone
	plain atomic.Bool // it knows no EDNS

	mu     sync.Mutex
	socket *socket
}

// exchange asks the server, waiting for at most wait. The answer is checked
// against the question; an error is about the server, not about the name.
func (s *server) exchange(ctx context.Context, k key, wait time.Duration) (*mdns.Msg, error) {
	m, err := s.once(ctx, k, wait)
	if err == nil && !s.plain.Load() && (m.Rcode == mdns.RcodeFormatError || m.Rcode == mdns.RcodeNotImplemented) {
		s.plain.Store(true) // RFC 6891 7
		m, err = s.once(ctx, k, wait)
	}
	return m, err
}

func (s *server) once(ctx context.Context, k key, wait time.Duration) (*mdns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	wire, err := s.compose(k)
	if err != nil {
		return nil, err
	}
	if !s.tcp {
		m, err := s.byUDP(ctx, wire)
		if err == nil && !m.Truncated {
			return m, nil
		}
		if err != nil && err != errForged {
			return nil, err
		}
	}
	return s.byTCP(ctx, wire)
}

// compose makes the question's message. The id is filled in by who sends it.
func (s *server) compose(k key) ([]byte, error) {
	name := k.name + "."
	if s.mix {
		name = mixCase(name)
	}
	m := &mdns.Msg{Question: []mdns.Question{{Name: name, Qtype: uint16(k.t), Qclass: mdns.ClassINET}}}
	m.RecursionDesired = true
	m.AuthenticatedData = true // asks for the AD bit (RFC 6840 5.7)
	if !s.plain.Load() {
		m.SetEdns0(payload, false)
	}
	return m.Pack()
}

func (s *server) byUDP(ctx context.Context, wire []byte) (*mdns.Msg, error) {
	raw, err := s.ask(ctx, wire)
	for err == errRetired {
		raw, err = s.ask(ctx, wire)
	}
	if err != nil {
		return nil, err
	}
	m := new(mdns.Msg)
	if err := m.Unpack(raw); err != nil && !m.Truncated {
		return nil, errors.New("answers in a form that cannot be read")
	}
	return m, nil
}

func (s *server) ask(ctx context.Context, wire []byte) ([]byte, error) {
	sock, err := s.open(ctx)
	if err != nil {
		return nil, plainError(err)
	}
	return sock.ask(ctx, wire)
}

// open returns the socket that all questions share, a new one when there is
// none or when it has served its time.
func (s *server) open(ctx context.Context) (*socket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket != nil && s.socket.fresh(s.mix) {
		return s.socket, nil
	}
	var d net.Dialer
	// The kernel gives a connected socket a random port, and lets through only
	// what comes from the server.
	conn, err := d.DialContext(ctx, "udp", s.addr.String())
	if err != nil {
		return nil, err
	}
	s.socket = newSocket(conn)
	return s.socket, nil
}

// byTCP asks over a connection of its own.
func (s *server) byTCP(ctx context.Context, wire []byte) (*mdns.Msg, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.addr.String())
	if err != nil {
		return nil, plainError(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	wire = bytes.Clone(wire) // a socket's reader may still look at it
	binary.BigEndian.PutUint16(wire, randomID())
	framed := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(wire)), uint16(len(wire)))
	if _, err := conn.Write(append(framed, wire...)); err != nil {
		return nil, plainError(err)
	}
	raw, err := readFrame(conn)
	if err != nil {
		return nil, plainError(err)
	}
	m := new(mdns.Msg)
	if compare(wire, raw) == unrelated || m.Unpack(raw) != nil {
		return nil, errStrange
	}
	return m, nil
}

func readFrame(r io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	raw := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(r, raw)
	return raw, err
}

// plainError says for a person what became of the connection: the address
// stands in front of it already.
func plainError(err error) error {
	var timeout net.Error
	switch op := (*net.OpError)(nil); {
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.Canceled):
		return errSilent
	case errors.As(err, &op):
		return op.Err
	}
	return err
}

// likeness is how far a message is an answer to another.
type likeness int

const (
	unrelated likeness = iota
	otherCase          // the name is the same but for the case of its letters
	answer
)

const headerSize = 12 // RFC 1035 4.1.1

// compare tells whether raw answers the question in wire: an answer, the same
// id, the same name, type and class. A server that found the question
// unreadable may leave it out.
func compare(wire, raw []byte) likeness {
	if len(raw) < headerSize || raw[0] != wire[0] || raw[1] != wire[1] || raw[2]&0x80 == 0 {
		return unrelated
	}
	questions := binary.BigEndian.Uint16(raw[4:])
	if rcode := raw[3] & 15; questions == 0 && (rcode == mdns.RcodeFormatError || rcode == mdns.RcodeNotImplemented) {
		return answer
	}
	asked := questionOf(wire)
	got := raw[headerSize:]
	switch {
	case questions != 1 || len(got) < len(asked):
		return unrelated
	case bytes.Equal(got[:len(asked)], asked):
		return answer
	case bytes.EqualFold(got[:len(asked)], asked):
		return otherCase
	}
	return unrelated
}

// questionOf returns the question section of a message that we made, with one
// question whose name is not compressed.
func questionOf(wire []byte) []byte {
	end := headerSize
	for wire[end] != 0 {
		end += 1 + int(wire[end])
	}
	return wire[headerSize : end+5]
}

// mixCase gives each letter a random case, which an answer has to repeat.
func mixCase(name string) string {
	b := []byte(name)
	var bits [(maxName*4 + 8) / 8]byte // with every octet escaped as \DDD
	rand.Read(bits[:len(b)/8+1])
	for i, c := range b {
		if 'a' <= c && c <= 'z' && bits[i/8]>>(i%8)&1 == 1 {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

func randomID() uint16 {
	var id [2]byte
	rand.Read(id[:])
	return binary.BigEndian.Uint16(id[:])
}
