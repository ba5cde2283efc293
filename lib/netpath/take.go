package netpath

import "time"

// take notes an answer. One to a probe that was never sent is nobody's.
func (s *search) take(a answer, now time.Time) {
	if a.mark == unknown && !s.guess(&a, now) {
		return
	}
	if a.ttl < 1 || a.ttl > s.asked || a.try < 0 || a.try >= s.hops[a.ttl].Sent {
		return
	}
	if a.ttl == s.alone {
		s.alone = 0
	}
	if !s.hops[a.ttl].note(a, now) {
		return
	}
	s.last, s.retried, s.over = now, false, false
	if s.end == Silent || a.ttl <= s.endAt {
		s.longest = max(s.longest, now.Sub(s.hops[a.ttl].sent[a.try]))
	}
	s.top = max(s.top, a.ttl)
	s.conclude(a)
	s.recallNear()
}

// guess gives an answer without a mark to the hop that is asked alone; if none
// is, it is known from now on that there are such answers. One that would end the
// path in front of a hop that answered is late, or forged.
func (s *search) guess(a *answer, now time.Time) bool {
	if s.alone == 0 {
		if s.vagues++; s.vagues <= s.probes { // more are no answers to ours
			s.vague, s.last = true, now
		}
		return false
	}
	if end, _ := a.says.end(); end != Silent && s.alone < s.inner() {
		return false
	}
	a.mark = mark{s.alone, s.hops[s.alone].Sent - 1}
	return true
}

// note adds an answer to a hop, unless it tells nothing new.
func (h *hop) note(a answer, now time.Time) bool {
	if h.Shared() {
		h.Answers = nil
	}
	if !h.answered[a.try] {
		h.answered[a.try] = true
		h.Answered++
	}
	if h.has(a.from) || len(h.Answers) == MaxAnswers {
		return false
	}
	h.Answers = append(h.Answers, Answer{a.from, now.Sub(h.sent[a.try]), a.says})
	return true
}

// conclude looks whether an answer shows where the path ends. The host itself
// may say that it cannot be reached, by a packet filter.
func (s *search) conclude(a answer) {
	end, _ := a.says.end()
	if end == Blocked && a.from == s.dest {
		end = Reached
	}
	if end != Silent && (s.end == Silent || a.ttl < s.endAt) {
		s.end, s.endAt = end, a.ttl
	}
	if at := s.circle(); s.end == Silent && at > 0 {
		s.end, s.endAt = Loop, at
	}
}

// recallNear takes the hops that were left out from the path to another host, as
// soon as a router shows that both lead through it.
func (s *search) recallNear() {
	for ttl := 1; ttl < min(s.first, s.inner()); ttl++ {
		if h := &s.hops[ttl]; h.Sent == 0 && h.Silent() && !h.gone {
			known, ok := s.known(ttl, false)
			h.Answers, h.gone = known.Answers, ok && known.Silent()
		}
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
