package dns

import (
	"context"
	"errors"
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
	conn   connection
	io     *packets
	window *window

	mu      sync.Mutex
	waiting waiting
	queue   []*slot // to be sent
	sending bool    // somebody does it
	freed   int     // questions to be taken off the window
	asked   int     // questions sent in all
	active  bool    // questions since the idle time began
	wrong   int     // messages that answered nothing since the last good one
	closed  error   // why nothing can be asked any more
}

func newSocket(conn connection, w *window) *socket {
	s := &socket{conn: conn, io: newPackets(conn), window: w}
	conn.SetReadDeadline(time.Now().Add(idle))
	go s.read()
	return s
}

// unlock also lets others ask in place of what was answered meanwhile.
func (s *socket) unlock() {
	n := s.freed
	s.freed = 0
	s.mu.Unlock()
	if n > 0 {
		s.window.leave(n)
	}
}

// give gives a question its result.
func (s *socket) give(q *slot, raw []byte, err error) {
	s.waiting.remove(q)
	if q.batch.counted {
		s.freed++
	}
	q.give(raw, err)
}

// fresh reports whether another question may be sent from here. A limited socket has
// served its time after manyQuestions, and is closed as soon as nobody waits for it.
func (s *socket) fresh(limited bool) bool {
	s.mu.Lock()
	defer s.unlock()
	if limited && s.asked >= manyQuestions && s.closed == nil {
		s.closed = errRetired
		s.leaveOff()
	}
	return s.closed == nil
}

// leaveOff wakes the reader of a retired socket for which nobody waits.
func (s *socket) leaveOff() {
	if s.closed != nil && s.waiting.n == 0 {
		s.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// ask sends the questions of a batch, each under an id of its own, and waits
// until each has an answer or an error.
func (s *socket) ask(ctx context.Context, b *batch, wait time.Duration) error {
	sender, err := s.enter(b)
	if err != nil {
		return err
	}
	defer s.leave(b)
	if sender {
		if len(b.slots) == 1 {
			runtime.Gosched() // others may have questions that go along
		}
		s.flush()
	}
	s.await(ctx, b, wait)
	return nil
}

// soon is when a batch is looked at for the first time if not all of it has a
// result by then; after that each time when twice as much has passed.
const soon = 10 * time.Millisecond

// await waits until all questions have their results. Meanwhile it shows b.look those
// that have theirs long before others.
func (s *socket) await(ctx context.Context, b *batch, wait time.Duration) {
	pause := wait
	if b.look != nil {
		pause = min(soon, wait)
	}
	b.within(pause)
	defer b.timer.Stop()
	for {
		select {
		case <-b.done:
			return
		case <-ctx.Done():
			return
		case <-b.timer.C:
		}
		if wait -= pause; wait <= 0 {
			return
		}
		b.look(s.news(b))
		pause = min(2*pause, wait)
		b.within(pause)
	}
}

// news returns the questions that have a result and were not seen yet.
func (s *socket) news(b *batch) []*slot {
	s.mu.Lock()
	defer s.unlock()
	from := b.seen
	b.seen = len(b.ready)
	return b.ready[from:]
}

// enter finds ids that nobody uses, puts them into the questions, and these into
// the queue. Whoever is the sender then has to flush it.
func (s *socket) enter(b *batch) (sender bool, err error) {
	s.mu.Lock()
	defer s.unlock()
	if s.closed != nil {
		return false, s.closed
	}
	b.left = len(b.slots)
	for i := range b.slots {
		q := &b.slots[i]
		s.waiting.add(q)
		s.queue = append(s.queue, q)
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
		if err := s.io.send(n); err != nil {
			s.fail(n, plainError(err))
		}
	}
	go s.flush()
}

// load copies questions from the queue to what is sent next. When there are
// none, nobody is the sender any more.
func (s *socket) load() (n int) {
	s.mu.Lock()
	defer s.unlock()
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
	defer s.unlock()
	for i := range n {
		if q := s.waiting.find(s.io.loaded(i)); q != nil {
			s.give(q, nil, err)
		}
	}
}

// leave gives up what has no answer. Afterwards nobody but its owner knows the
// batch.
func (s *socket) leave(b *batch) {
	s.mu.Lock()
	defer s.unlock()
	if b.left == 0 {
		select {
		case <-b.done: // the last one came too late
		default:
		}
		return
	}
	s.queue = slices.DeleteFunc(s.queue, func(q *slot) bool { return q.batch == b })
	for i := range b.slots {
		if q := &b.slots[i]; !q.given {
			s.give(q, nil, errSilent)
		}
	}
	<-b.done
	s.leaveOff()
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
	defer s.unlock()
	busy := s.active && s.closed == nil || s.waiting.n > 0
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
	defer s.unlock()
	for _, raw := range messages {
		if s.answered(raw) {
			s.wrong = 0
		} else if s.wrong++; s.wrong > maxWrong {
			return errForged
		}
	}
	s.leaveOff()
	return nil
}

// answered gives a message to who waits for it, if there is anybody.
func (s *socket) answered(raw []byte) bool {
	q := s.waiting.find(raw)
	if q == nil {
		return false
	}
	switch compare(q.wire, raw) {
	case unrelated:
		return false
	case otherCase:
		// A forger, or a server that spoils names: TCP is safe from both.
		s.give(q, nil, errForged)
		return false
	}
	s.give(q, raw, nil)
	return true
}

// close tells all who wait that nothing comes any more.
func (s *socket) close(err error) {
	if err != errForged {
		err = plainError(err)
	}
	s.mu.Lock()
	defer s.unlock()
	if s.closed == nil {
		s.closed = err
	}
	for q := range s.waiting.all() {
		s.give(q, nil, err)
	}
}
