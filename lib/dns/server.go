package dns

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// manyQuestions is how many questions a socket to another host sends before it is
// replaced by one with another port, so that a forger who has found out the port
// cannot use it for long.
const manyQuestions = 2000

// readBuffer is what the kernel is asked to keep for us, so that the answers to
// a whole window of questions find room: Linux counts 2304 octets for the
// largest that we ask for, and gives what it allows twice.
const readBuffer = 256 << 10

var (
	errSilent  = errors.New("does not answer")
	errForged  = errors.New("answers are being forged")
	errRetired = errors.New("socket was idle") // another one has to be opened
	errStrange = errors.New("answers something else than was asked")
)

// connection is one to a name server.
type connection interface {
	io.ReadWriteCloser
	SetDeadline(t time.Time) error
	SetReadDeadline(t time.Time) error
}

// server is one name server and the socket to it.
type server struct {
	addr  netip.AddrPort
	mix   bool        // mix letter cases: 32 more bits against forgers who cannot see the question
	trust bool        // its AD bit counts
	tcp   bool        // by TCP alone
	plain atomic.Bool // it knows no EDNS

	direct  bool // who asks waits in the system
	window  *window
	batches sync.Pool // of *batch, to be used again

	mu     sync.Mutex
	socket *socket
}

// exchange asks the server, waiting for at most wait. The answer is checked
// against the question; an error is about the server, not about the name.
func (s *server) exchange(ctx context.Context, k key, wait time.Duration) (message, error) {
	edns := !s.plain.Load()
	m, err := s.once(ctx, k, edns, wait)
	if err == nil && edns && m.misunderstood() {
		m, err = s.once(ctx, k, false, wait)
		if err == nil && !m.misunderstood() {
			s.plain.Store(true) // RFC 6891 7; else it is the name that is not liked
		}
	}
	return m, err
}

func (s *server) once(ctx context.Context, k key, edns bool, wait time.Duration) (message, error) {
	end := time.Now().Add(wait)
	if !s.tcp {
		m, err := s.alone(ctx, k, edns, wait)
		if err == nil && !m.truncated || err != nil && err != errForged {
			return m, err
		}
	}
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	return s.byTCP(ctx, compose(nil, k, edns, s.mixer(new(dice))))
}

// alone asks one question by UDP.
func (s *server) alone(ctx context.Context, k key, edns bool, wait time.Duration) (message, error) {
	b := s.batch()
	defer s.release(b)
	q := b.ask(k)
	if err := s.byUDP(ctx, b, edns, wait); err != nil {
		return message{}, err
	}
	m, err := q.message()
	if !s.direct {
		m.raw = bytes.Clone(m.raw)
	}
	return m, err
}

// batch returns an empty batch. A direct server has so few that they are not
// used again.
func (s *server) batch() *batch {
	if s.direct {
		return new(batch)
	}
	b, ok := s.batches.Get().(*batch)
	if !ok {
		b = newBatch()
	}
	b.clear()
	return b
}

// release takes a batch back.
func (s *server) release(b *batch) {
	if !s.direct {
		s.batches.Put(b)
	}
}

// byUDP asks all questions of the batch at once. With an error none was asked.
func (s *server) byUDP(ctx context.Context, b *batch, edns bool, wait time.Duration) error {
	mix := s.mixer(&b.dice)
	for i := range b.slots {
		q := &b.slots[i]
		q.wire = compose(q.wire, q.key, edns, mix)
	}
	err := s.ask(ctx, b, wait)
	for err == errRetired {
		err = s.ask(ctx, b, wait)
	}
	return err
}

// mixer returns the dice if letter cases are to be mixed.
func (s *server) mixer(d *dice) *dice {
	if !s.mix {
		return nil
	}
	return d
}

func (s *server) ask(ctx context.Context, b *batch, wait time.Duration) error {
	if s.direct {
		return s.askDirect(ctx, b, wait)
	}
	sock, err := s.open(ctx)
	if err != nil {
		return plainError(err)
	}
	return sock.ask(ctx, b, wait)
}

// open returns the socket that all questions share, a new one when there is
// none or when it has served its time.
func (s *server) open(ctx context.Context) (*socket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket != nil && s.socket.fresh(s.mix) {
		return s.socket, nil
	}
	conn, err := dialUDP(ctx, s.addr)
	if err != nil {
		return nil, err
	}
	s.socket = newSocket(conn, s.window)
	return s.socket, nil
}

// byTCP asks over a connection of its own.
func (s *server) byTCP(ctx context.Context, wire []byte) (message, error) {
	conn, err := dialTCP(ctx, s.addr)
	if err != nil {
		return message{}, plainError(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	random(wire[:2])
	framed := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(wire)), uint16(len(wire)))
	if _, err := conn.Write(append(framed, wire...)); err != nil {
		return message{}, plainError(err)
	}
	raw, err := readFrame(conn)
	if err != nil {
		return message{}, plainError(err)
	}
	if compare(wire, raw) == unrelated {
		return message{}, errStrange
	}
	m, err := parseMessage(raw)
	if err == nil && m.truncated {
		err = errUnreadable // there is no place for the rest
	}
	return m, err
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
	var timeout interface {
		error
		Timeout() bool
	}
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.Canceled) {
		return errSilent
	}
	return cause(err)
}

// likeness is how far a message is an answer to another.
type likeness int

const (
	unrelated likeness = iota
	otherCase          // the name is the same but for the case of its letters
	answer
)

// compare tells whether raw answers the question in wire: an answer, the same
// id, the same name, type and class. A server that found the question
// unreadable may leave it out.
func compare(wire, raw []byte) likeness {
	if len(raw) < headerSize || raw[0] != wire[0] || raw[1] != wire[1] || raw[2]&flagAnswer == 0 {
		return unrelated
	}
	questions := binary.BigEndian.Uint16(raw[4:])
	if rcode := raw[3] & 15; questions == 0 && (rcode == rcodeFormatError || rcode == rcodeNotImplemented) {
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
