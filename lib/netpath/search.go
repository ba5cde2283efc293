package netpath

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"time"
)

const (
	wave = 16 // hops that are asked together
	// far is how near the end of a wave an answer has to come from for the
	// next to be worth its probes: at once, and when nothing more comes.
	far, farther = 1, 3
	// ahead is how far behind the last answer silent hops are asked again.
	ahead = 3

	firstWait = time.Second            // for the first answer
	leastWait = 200 * time.Millisecond // for one more, beyond the last that answers
)

// search is the search for one path.
type search struct {
	wire  wire
	pace  *pacer
	dest  netip.Addr
	limit int // hops that may be looked at
	began time.Time

	hops    [MaxHops + 1]Hop // by distance; [0] is not used
	tries   [MaxHops + 1]int
	sent    [MaxHops + 1][Tries]time.Time
	probes  int
	asked   int // hops that have been asked, from 1
	top     int // the farthest that answered
	end     End
	endAt   int       // the hop where the path ends, when end says that it does
	last    time.Time // of the last answer, or of the first wave
	longest time.Duration
	retried bool // since the last answer
}

// run sends and receives until the path is known or nothing more comes.
func (s *search) run(ctx context.Context) error {
	if err := s.nextWave(ctx); err != nil {
		return err
	}
	for !s.complete() {
		a, err := s.wire.receive(s.deadline())
		switch {
		case err == nil:
			s.take(a, time.Now())
			if s.top > s.asked-1-far {
				err = s.nextWave(ctx)
			}
		case errors.Is(err, os.ErrDeadlineExceeded) && s.retried:
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			err = s.again(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// patience is how long after the last answer the search ends: twice the longest
// round trip, since a router may take longer to answer than to forward. When
// the host has answered, only hops before it are missing, and half is enough.
func (s *search) patience() time.Duration {
	switch {
	case s.top == 0:
		return firstWait
	case s.end != Silent:
		return max(s.longest, leastWait/2)
	}
	return max(2*s.longest, leastWait)
}

// deadline is when silent hops are asked again, and after that the end.
func (s *search) deadline() time.Time {
	if s.retried {
		return s.last.Add(s.patience())
	}
	return s.last.Add(s.patience() / 2)
}

// nextWave asks the next hops, if there are any left to be asked. Their answers
// are waited for as after an answer.
func (s *search) nextWave(ctx context.Context) error {
	if s.end != Silent || s.asked == s.limit {
		return nil
	}
	from := s.asked + 1
	s.asked = min(s.asked+wave, s.limit)
	err := s.ask(ctx, from, s.asked)
	s.last, s.retried = time.Now(), false
	return err
}

// again asks the silent hops once more, and those beyond if the path is likely
// to go on there.
func (s *search) again(ctx context.Context) error {
	s.retried = true
	to := min(s.top+ahead, s.asked)
	if s.end != Silent {
		to = s.endAt - 1
	}
	if err := s.ask(ctx, 1, to); err != nil || s.top <= s.asked-1-farther {
		return err
	}
	return s.nextWave(ctx)
}

// ask sends a probe to each silent hop between two that has tries left.
func (s *search) ask(ctx context.Context, from, to int) error {
	var silent []int
	for ttl := from; ttl <= to; ttl++ {
		if s.hops[ttl].Silent() && s.tries[ttl] < Tries {
			silent = append(silent, ttl)
		}
	}
	queued := time.Now()
	if err := s.pace.wait(ctx, len(silent)); err != nil {
		return err
	}
	s.last = s.last.Add(time.Since(queued)) // no answer could come to what had to wait
	for _, ttl := range silent {
		try := s.tries[ttl]
		s.tries[ttl]++
		s.sent[ttl][try] = time.Now()
		s.probes++
		if err := s.wire.send(ttl, try); err != nil {
			return err
		}
	}
	return nil
}

// take notes an answer. One to a probe that was never sent is nobody's.
func (s *search) take(a answer, now time.Time) {
	if a.ttl < 1 || a.ttl > s.asked || a.try < 0 || a.try >= s.tries[a.ttl] {
		return
	}
	h := &s.hops[a.ttl]
	if h.has(a.from) || len(h.Answers) == MaxAnswers {
		return
	}
	rtt := now.Sub(s.sent[a.ttl][a.try])
	h.Answers = append(h.Answers, Answer{Addr: a.from, RTT: rtt})
	s.last, s.retried = now, false
	if s.end == Silent || a.ttl <= s.endAt {
		s.longest = max(s.longest, rtt)
	}
	s.top = max(s.top, a.ttl)
	if a.end != Silent && (s.end == Silent || a.ttl < s.endAt) {
		s.end, s.endAt = a.end, a.ttl
	}
	if at := s.circle(); s.end == Silent && at > 0 {
		s.end, s.endAt = Loop, at
	}
}

// circle finds where two routers, one behind the other, come again in the same
// order: there the path ends. It is 0 when they do not.
func (s *search) circle() int {
	for j := 3; j < s.top; j++ {
		for i := 1; i < j-1; i++ {
			if s.same(i, j) && s.same(i+1, j+1) && !s.same(i, i+1) {
				return j - 1
			}
		}
	}
	return 0
}

// same says whether one router answered first for both hops.
func (s *search) same(i, j int) bool {
	a, b := s.hops[i].Answers, s.hops[j].Answers
	return len(a) > 0 && len(b) > 0 && a[0].Addr == b[0].Addr
}

// complete says whether every hop up to the last has answered.
func (s *search) complete() bool {
	to := s.limit
	if s.end != Silent {
		to = s.endAt
	}
	for ttl := 1; ttl <= to; ttl++ {
		if s.hops[ttl].Silent() {
			return false
		}
	}
	return true
}

// path is what is known.
func (s *search) path() Path {
	p := Path{Dest: s.dest, Time: s.began, End: s.end, Probes: s.probes}
	to := s.endAt
	if s.end == Silent {
		if to = s.top; to == s.limit {
			p.End = Limit
		}
	}
	if p.End == Blocked && s.same(to-1, to) {
		to-- // the router that forwards no farther has its hop
	}
	for to > 0 && s.hops[to].Silent() {
		to--
	}
	p.Hops = append(p.Hops, s.hops[1:to+1]...)
	return p
}
