package dns

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"
)

const (
	idle     = 30 * time.Second // a socket without questions is closed after one to two of these
	maxWrong = 64               // messages that answer nothing, in a row, until we believe in a forger
	maxUDP   = 2048             // octets of an answer by UDP; more than we ask for
)

// socket is a connected UDP socket that many questions share. One goroutine
// reads it and hands each answer to who waits for it; it ends, and closes the
// socket, after an error or when there was nothing to do for a while.
type socket struct {
	conn net.Conn
	io   *packets

	mu      sync.Mutex
	waiting map[uint16]*slot
	queue   []*slot   // to be sent
	sending bool      // somebody does it
	random  [128]byte // for ids, of which unused are left
	unused  int
	asked   int   // questions sent in all
	active  bool  // questions since the idle time began
	wrong   int   // messages that answered nothing since the last good one
	closed  error // why nothing can be asked any more
}

func newSocket(conn net.Conn) *socket {
	s := &socket{conn: conn, io: newPackets(conn), waiting: make(map[uint16]*slot)}
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

// ask sends the questions of a batch, each under an id of its own, and waits
// until each has an answer or an error.
func (s *socket) ask(ctx context.Context, b *batch, wait time.Duration) error {
	sender, err := s.enter(b)
	if err != nil {
		return err
	}
	defer s.leave(b)
	b.timer.Reset(wait)
	defer b.timer.Stop()
	if sender {
		if len(b.slots) == 1 {
			runtime.Gosched() // others may have questions that go along
		}
		s.flush()
	}
	select {
	case <-b.done:
	case <-b.timer.C:
	case <-ctx.Done():
	}
	return nil
}

// enter finds ids that nobody uses, puts them into the questions, and these into
// the queue. Whoever is the sender then has to flush it.
func (s *socket) enter(b *batch) (sender bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed != nil {
		return false, s.closed
	}
	for i := range b.slots {
		id := s.randomID()
		for s.waiting[id] != nil {
			id = s.randomID()
		}
		binary.BigEndian.PutUint16(b.slots[i].wire, id)
		s.waiting[id] = &b.slots[i]
		s.queue = append(s.queue, &b.slots[i])
	}
	s.asked += len(b.slots)
	s.active = true
	sender = !s.sending
	s.sending = true
	return sender, nil
}

// rounds is how often one asker sends what others have to ask too.
const rounds = 4

// flush sends what is queued.
func (s *socket) flush() {
	for range rounds {
		n := s.load()
		if n == 0 {
			return
		}
		err := s.io.send(n)
		if err != nil {
			// It may be about an earlier datagram, which the host refused.
			err = s.io.send(n)
		}
		if err != nil {
			s.fail(n, plainError(err))
		}
	}
	go s.flush()
}

// load copies questions from the queue to what is sent next. When there are
// none, nobody is the sender any more.
func (s *socket) load() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < len(s.queue) && n < atOnce {
		s.io.load(n, s.queue[n].wire)
		n++
	}
	rest := copy(s.queue, s.queue[n:])
	clear(s.queue[rest:])
	s.queue = s.queue[:rest]
	s.sending = n > 0
	return n
}

// fail tells those whose questions were just not sent.
func (s *socket) fail(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range n {
		id := binary.BigEndian.Uint16(s.io.loaded(i))
		if q := s.waiting[id]; q != nil {
			delete(s.waiting, id)
			q.give(nil, err)
		}
	}
}

// leave gives up what has no answer. Afterwards nobody but its owner knows the
// batch.
func (s *socket) leave(b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range b.slots {
		if q := &b.slots[i]; !q.given {
			delete(s.waiting, q.id())
			s.queue = slices.DeleteFunc(s.queue, func(o *slot) bool { return o == q })
			q.err = errSilent
		}
	}
	select {
	case <-b.done: // the last one came too late
	default:
	}
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
	for {
		messages, err := s.io.receive()
		if err == nil {
			err = s.hand(messages)
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

// hand gives messages to who waits for them. The error is errForged when too
// many came that nobody asked for.
func (s *socket) hand(messages [][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, raw := range messages {
		if s.answered(raw) {
			s.wrong = 0
		} else if s.wrong++; s.wrong > maxWrong {
			return errForged
		}
	}
	return nil
}

// answered gives a message to who waits for it, if there is anybody.
func (s *socket) answered(raw []byte) bool {
	if len(raw) < headerSize {
		return false
	}
	q := s.waiting[binary.BigEndian.Uint16(raw)]
	if q == nil {
		return false
	}
	like := compare(q.wire, raw)
	if like == unrelated {
		return false
	}
	delete(s.waiting, q.id())
	if like == otherCase {
		// A forger, or a server that spoils names: TCP is safe from both.
		q.give(nil, errForged)
		return false
	}
	q.give(bytes.Clone(raw), nil)
	return true
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
	for _, q := range s.waiting {
		q.give(nil, err)
	}
	clear(s.waiting)
}
