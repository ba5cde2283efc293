package dns

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

const (
	idle     = 30 * time.Second // a socket without questions is closed after one to two of these
	maxWrong = 64               // messages that answer nothing, in a row, until we believe in a forger
	maxUDP   = 4096             // octets of an answer by UDP; more than we ask for
)

// socket is a connected UDP socket that many questions share. One goroutine
// reads it and hands each answer to who waits for it; it ends, and closes the
// socket, after an error or when there was nothing to do for a while.
type socket struct {
	conn net.Conn

	mu      sync.Mutex
	waiting map[uint16]*waiter
	free    []*waiter // at most as many as once waited
	random  [128]byte // for ids, of which unused are left
	unused  int
	asked   int   // questions sent in all
	active  bool  // questions since the idle time began
	wrong   int   // messages that answered nothing since the last good one
	closed  error // why nothing can be asked any more
}

// waiter is a question on its way. Reader and asker share it under the
// socket's lock.
type waiter struct {
	wire   []byte
	result chan result // has room for one
	timer  *time.Timer
}

type result struct {
	raw []byte
	err error
}

func newSocket(conn net.Conn) *socket {
	s := &socket{conn: conn, waiting: make(map[uint16]*waiter)}
	conn.SetReadDeadline(time.Now().Add(idle))
	go s.read()
	return s
}

// fresh reports whether another question may be sent from here. limited: not
// after very many.
func (s *socket) fresh(limited bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed == nil && !(limited && s.asked >= manyQuestions)
}

// ask sends the question, under an id of its own, and waits for the answer.
func (s *socket) ask(ctx context.Context, wire []byte, wait time.Duration) ([]byte, error) {
	w, id, err := s.enter(wire, wait)
	if err != nil {
		return nil, err
	}
	defer s.leave(w, id)
	if _, err := s.conn.Write(w.wire); err != nil {
		// It may be about an earlier datagram, which the host refused.
		if _, err = s.conn.Write(w.wire); err != nil {
			return nil, plainError(err)
		}
	}
	select {
	case r := <-w.result:
		return r.raw, r.err
	case <-w.timer.C:
	case <-ctx.Done():
	}
	return nil, errSilent
}

// enter finds an id that nobody uses and puts it into the question.
func (s *socket) enter(wire []byte, wait time.Duration) (*waiter, uint16, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return nil, 0, s.closed
	}
	id := s.randomID()
	for s.waiting[id] != nil {
		id = s.randomID()
	}
	w := s.waiter(wait)
	w.wire = append(w.wire[:0], wire...)
	binary.BigEndian.PutUint16(w.wire, id)
	s.waiting[id] = w
	s.asked++
	s.active = true
	return w, id, nil
}

// waiter returns one that is free, or a new one.
func (s *socket) waiter(wait time.Duration) *waiter {
	if n := len(s.free); n > 0 {
		w := s.free[n-1]
		s.free = s.free[:n-1]
		w.timer.Reset(wait)
		return w
	}
	return &waiter{result: make(chan result, 1), timer: time.NewTimer(wait)}
}

func (s *socket) leave(w *waiter, id uint16) {
	w.timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, id)
	select {
	case <-w.result: // it came too late
	default:
	}
	s.free = append(s.free, w)
}

// randomID takes two octets of randomness, which are got many at a time.
func (s *socket) randomID() uint16 {
	if s.unused == 0 {
		rand.Read(s.random[:])
		s.unused = len(s.random)
	}
	s.unused -= 2
	return binary.BigEndian.Uint16(s.random[s.unused:])
}

func (s *socket) read() {
	defer s.conn.Close()
	buf := make([]byte, maxUDP)
	for {
		n, err := s.conn.Read(buf)
		if err == nil {
			err = s.hand(buf[:n])
		} else if errors.Is(err, os.ErrDeadlineExceeded) && s.busy() {
			s.conn.SetReadDeadline(time.Now().Add(idle))
			continue
		}
		if err != nil {
			s.close(err)
			return
		}
	}
}

// busy reports whether there was a question since it was last called, and if
// not, closes the socket for new ones.
func (s *socket) busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	busy := s.active || len(s.waiting) > 0
	s.active = false
	if !busy {
		s.closed = errRetired
	}
	return busy
}

// hand gives a message to who waits for it. The error is errForged when too
// many came that nobody asked for.
func (s *socket) hand(raw []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(raw) >= headerSize {
		if w := s.waiting[binary.BigEndian.Uint16(raw)]; w != nil {
			switch compare(w.wire, raw) {
			case answer:
				s.wrong = 0
				w.give(result{raw: bytes.Clone(raw)})
				return nil
			case otherCase:
				// A forger, or a server that spoils names: TCP is safe from both.
				w.give(result{err: errForged})
			}
		}
	}
	if s.wrong++; s.wrong > maxWrong {
		return errForged
	}
	return nil
}

// close tells all who wait that nothing comes any more.
func (s *socket) close(err error) {
	if err != errForged {
		err = plainError(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed == nil {
		s.closed = err
	}
	for _, w := range s.waiting {
		w.give(result{err: err})
	}
}

// give never blocks: only the first result counts.
func (w *waiter) give(r result) {
	select {
	case w.result <- r:
	default:
	}
}
