package netpath

import (
	"context"
	"sync"
)

// slowStart bounds how many paths are measured at once, first one, then twice
// as many with each round: what the first find out of the hops near to us
// spares the next probes, and the routers there answers.
type slowStart struct {
	mu      sync.Mutex
	running int
	done    int // up to slowStartEnd
	waiting []chan struct{}
}

// slowStartEnd is how many paths may be measured at once in the end.
const slowStartEnd = 256

// begin waits until one more may be measured.
func (s *slowStart) begin(ctx context.Context) error {
	s.mu.Lock()
	if s.running <= s.done {
		s.running++
		s.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	s.waiting = append(s.waiting, turn)
	s.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		s.leave(turn)
		return ctx.Err()
	}
}

// leave gives up a turn, which may just have come.
func (s *slowStart) leave(turn chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, t := range s.waiting {
		if t == turn {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			return
		}
	}
	s.running--
	s.wake()
}

// end says that one was measured.
func (s *slowStart) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	s.done = min(s.done+1, slowStartEnd-1)
	s.wake()
}

// wake lets those go on for whom there is room.
func (s *slowStart) wake() {
	for len(s.waiting) > 0 && s.running <= s.done {
		s.running++
		close(s.waiting[0])
		s.waiting = s.waiting[1:]
	}
}
