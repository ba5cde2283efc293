package netpath

import "time"

const (
	// ahead is how many silent hops beyond the farthest that answered are asked again.
	ahead = 3
	// triesBeyond is how many probes such a hop gets as long as nothing beyond answers.
	triesBeyond = 2

	firstWait = time.Second            // for the first answer
	leastWait = 200 * time.Millisecond // for one more, beyond the last that answers
	// leastLapse is how long a hop is given at least when one beyond it has answered.
	leastLapse = 50 * time.Millisecond
	// slowest is the longest round trip that anything is made to wait for: no path
	// has a longer one, but who forges answers would have others believe it.
	slowest = 5 * time.Second
)

// due is when silent hops are to be asked again or given up, as long as any
// answer is expected.
func (s *search) due() (when time.Time, ok bool) {
	if s.complete() || s.over {
		return when, false
	}
	if s.alone > 0 {
		return s.until, true
	}
	earlier := func(t time.Time, open bool) {
		if open && (!ok || t.Before(when)) {
			when, ok = t, true
		}
	}
	for ttl := 1; ttl < s.inner(); ttl++ {
		earlier(s.dueInner(ttl))
	}
	earlier(s.dueBeyond())
	return when, ok
}

// inner is the farthest hop that answered, of those that belong to the path:
// in front of it no hop is silent because packets do not come so far.
func (s *search) inner() int {
	if s.end != Silent {
		return s.endAt
	}
	return s.top
}

// dueInner is when a silent hop in front of one that answered should have answered:
// after the round trip of the next hop that did, and a quarter more, since a router
// may take longer to answer than to forward.
func (s *search) dueInner(ttl int) (time.Time, bool) {
	h := &s.hops[ttl]
	if !h.Silent() || h.gone {
		return time.Time{}, false
	}
	asked := s.waved
	if h.Sent > 0 {
		asked = h.sent[h.Sent-1]
	} else if !s.hops[s.first].Silent() && !s.hops[s.first].Shared() {
		return s.last, true // it was left out, and now all that could spare it has been seen
	}
	due := asked.Add(s.lapse(s.beyondRTT(ttl)))
	if s.vague { // answers without marks may still come
		due = later(due, s.last.Add(s.lapse(s.longest)))
	}
	return due, true
}

// beyondRTT is the round trip of the next hop behind this one that answered.
func (s *search) beyondRTT(ttl int) time.Duration {
	for _, h := range s.hops[ttl+1 : s.inner()+1] {
		if h.Answered > 0 {
			return h.Answers[0].RTT
		}
	}
	return s.longest
}

// lapse is how long an answer is waited for where other answers let expect such a
// round trip.
func (s *search) lapse(rtt time.Duration) time.Duration {
	return max(min(rtt, slowest)*5/4, leastLapse)
}

// dueBeyond is when hops beyond the last answer are asked again, and then when
// the search ends there: twice the longest round trip after the last answer.
func (s *search) dueBeyond() (time.Time, bool) {
	switch {
	case s.end != Silent || s.over || s.top == s.limit:
		return time.Time{}, false
	case !s.retried:
		// From beyond top no answer to the last wave can have come before.
		return later(s.last.Add(s.patience()/2), s.waved.Add(s.lapse(s.longest))), true
	case s.vague && len(s.beyond()) > 0:
		return s.until, true
	}
	return s.last.Add(s.patience()), true
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// patience is how long after the last answer the search ends.
func (s *search) patience() time.Duration {
	if s.top == 0 && !s.vague {
		return firstWait
	}
	return max(2*min(s.longest, slowest), leastWait)
}

// beyond are the hops behind the last answer that are worth another probe.
func (s *search) beyond() (list []int) {
	for ttl := s.top + 1; ttl <= min(s.top+ahead, s.asked); ttl++ {
		if s.hops[ttl].Sent < triesBeyond && s.probes < MaxProbes {
			list = append(list, ttl)
		}
	}
	return list
}

// complete says whether every hop up to the last is known or given up.
func (s *search) complete() bool {
	to := s.limit
	if s.end != Silent {
		to = s.endAt
	}
	for ttl := 1; ttl <= to; ttl++ {
		if h := &s.hops[ttl]; h.Silent() && !h.gone {
			return false
		}
	}
	return true
}
