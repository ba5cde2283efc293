package netpath

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"slices"
	"time"
)

const (
	wave = 16 // hops that are asked together
	// far is how near the end of a wave an answer has to come from for the
	// next to be worth its probes: at once, and when nothing more comes.
	far, farther = 1, 3
	// beyondLikely is how many hops are asked behind the one at which the host is
	// likely to be.
	beyondLikely = 2
)

// search is the search for one path.
type search struct {
	wire   wire
	pause  func(ctx context.Context, n int) error
	dest   netip.Addr // as it answers
	limit  int        // hops that may be looked at
	near   *near      // what other paths tell; may be nil
	first  int        // the hop from which the first wave asks
	likely int        // how far away the host is likely to be, 0 when nothing tells
	path   Path       // what is known beforehand

	hops    [MaxHops + 1]hop // by distance; [0] is not used
	probes  int
	asked   int // the farthest hop that has been asked
	top     int // the farthest that answered
	end     End
	endAt   int       // the hop where the path ends, when end says that it does
	waved   time.Time // when the last wave was sent
	last    time.Time // of the last answer, or of the last wave
	longest time.Duration
	retried bool      // beyond top, since the last answer
	over    bool      // nothing more is expected beyond top
	vague   bool      // there are routers whose answers have no mark
	vagues  int       // how many such answers came
	alone   int       // the only hop that is asked now, since answers have no mark, or 0
	until   time.Time // when it should have answered
}

// hop is a hop while it is asked.
type hop struct {
	Hop
	sent     [Tries]time.Time
	answered [Tries]bool
	gone     bool // nothing more is expected
}

// run sends and receives until the path is known or nothing more comes.
func (s *search) run(ctx context.Context) error {
	began := time.Now()
	defer func() { s.path.Took = time.Since(began) }()
	s.path.Time = began.Truncate(time.Microsecond)
	s.asked = s.first - 1
	err := s.ask(ctx, s.nextHops(began))
	for err == nil {
		when, ok := s.due()
		if !ok {
			break
		}
		var a answer
		a, err = s.wire.receive(when)
		switch {
		case err == nil:
			now := time.Now()
			s.take(a, now)
			if s.top > s.asked-1-far && s.alone == 0 {
				err = s.ask(ctx, s.nextHops(now))
			}
		case errors.Is(err, os.ErrDeadlineExceeded):
			err = s.again(ctx, time.Now())
		}
	}
	return err
}

// nextHops are the hops of the next wave, if there are any left to be asked.
// Their answers are waited for as after an answer.
func (s *search) nextHops(now time.Time) (list []int) {
	if s.end != Silent || s.asked == s.limit {
		return nil
	}
	from := s.asked + 1
	s.asked = min(s.asked+s.wave(), s.limit)
	for ttl := from; ttl <= s.asked; ttl++ {
		list = append(list, ttl)
	}
	s.waved, s.last = now, now
	s.retried, s.over = false, false
	return list
}

// wave is how many hops are asked together next: at first no more than it takes
// to see that the host is as far away as is likely.
func (s *search) wave() int {
	if s.likely > 0 && s.probes == 0 && s.likely+beyondLikely > s.asked {
		return min(s.likely+beyondLikely-s.asked, wave)
	}
	return wave
}

// more says whether the path is likely to go on behind the last wave, though
// nothing answers there. It is not when the router in front of the host has
// answered, which then drops probes.
func (s *search) more() bool { return s.top > s.asked-1-farther && s.top != s.likely-1 }

// again asks hops that are silent once more, when they are due.
func (s *search) again(ctx context.Context, now time.Time) error {
	if s.alone > 0 {
		s.alone = 0
		return nil
	}
	var list []int
	for ttl := 1; ttl < s.inner(); ttl++ {
		if due, ok := s.dueInner(ttl); ok && !due.After(now) && !s.recall(ttl) {
			list = append(list, ttl)
		}
	}
	if due, ok := s.dueBeyond(); ok && !due.After(now) {
		s.last = s.last.Add(now.Sub(due)) // this process was kept waiting
		list = append(list, s.againBeyond(now)...)
	}
	return s.ask(ctx, list)
}

// againBeyond are the hops behind the last answer that are asked once more, and
// those of the next wave, if any is worth it; or all is over.
func (s *search) againBeyond(now time.Time) []int {
	list := s.beyond()
	if s.over = s.retried && (!s.vague || len(list) == 0); s.over {
		list = nil
	}
	s.retried = true
	if s.more() {
		list = append(list, s.nextHops(now)...)
	}
	return list
}

// ask sends a probe to each of the hops. Where answers have no mark, it sends
// one to the first of them alone.
func (s *search) ask(ctx context.Context, list []int) error {
	list = list[:min(len(list), MaxProbes-s.probes)]
	if s.vague && len(list) > 0 {
		list = list[:1]
		s.alone = list[0]
	}
	if err := s.queue(ctx, len(list)); err != nil {
		return err
	}
	for _, ttl := range list {
		h := &s.hops[ttl]
		h.sent[h.Sent] = time.Now()
		h.Sent++
		if err := s.wire.send(mark{ttl, h.Sent - 1}); err != nil {
			return err
		}
		s.probes++
	}
	s.until = time.Now().Add(s.lapse(s.longest))
	return nil
}

// queue waits until so many probes may be sent. What had to wait can have no
// answer before.
func (s *search) queue(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	began := time.Now()
	err := s.pause(ctx, n)
	waited := time.Since(began)
	s.last, s.waved = s.last.Add(waited), s.waved.Add(waited)
	return err
}

// recall takes a silent hop from the path to another host, or gives it up when
// it has no tries left; then it is not asked.
func (s *search) recall(ttl int) bool {
	h := &s.hops[ttl]
	last := h.Sent == Tries || s.probes == MaxProbes
	known, ok := s.known(ttl, last)
	h.Answers = known.Answers
	h.gone = h.Silent() && (ok || last)
	return ok || last
}

// known is what other paths tell of a hop: those through a router that answered
// farther away, and, when nothing else is left, those to hosts of one network.
// That comes last since it would hide how far away a host is that missed a
// probe. What is known may be that the hop is silent.
func (s *search) known(ttl int, last bool) (h Hop, ok bool) {
	if s.near == nil {
		return Hop{}, false
	}
	for at := ttl + 1; at <= s.top; at++ {
		for _, a := range s.hops[at].Answers {
			if h, ok = s.near.before(router(at, a.Addr), ttl, s.path.Time); ok {
				return h, true
			}
		}
	}
	if last && s.end == Reached {
		return s.near.before(home(s.endAt, s.dest), ttl, s.path.Time)
	}
	return Hop{}, false
}

// refused says whether the path ends at a hop at which the router of the hop in
// front of it has answered for the host. Packet filters do, with whatever reason,
// and often with that of a host at which nobody listens.
func (s *search) refused(at int) bool {
	switch s.end {
	case Blocked:
		return s.same(at-1, at)
	case Reached:
		return s.same(at-1, at) && !s.hops[at].has(s.dest)
	}
	return false
}

// result is what is known.
func (s *search) result() Path {
	p := s.path
	p.End, p.Probes = s.end, s.probes
	to := s.endAt
	if s.end == Silent {
		if to = s.top; to == s.limit {
			p.End = Limit
		}
	}
	if s.refused(to) {
		p.End = Blocked
		to-- // the router that forwards no farther has its hop
		s.hops[to].Answers = slices.Clone(s.hops[to].Answers)
		s.hops[to].Answers[0].Message = s.hops[to+1].Answers[0].Message
	}
	for to > 0 && s.hops[to].Silent() {
		to--
	}
	for i := range to {
		p.Hops = append(p.Hops, s.hops[i+1].Hop)
	}
	return p
}
