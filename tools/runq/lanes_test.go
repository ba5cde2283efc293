package main

import (
	"fmt"
	"testing"
	"time"

	"postern/lib/queue"
)

// names are the ids of entries.
func names(refs []queue.Ref) (list string) {
	for _, r := range refs {
		list += r.ID
	}
	return list
}

// TestLanes: who comes to a place of which nobody knows that it is slow enters;
// then two at a time do, in order, until a delivery is quick again.
func TestLanes(t *testing.T) {
	begin := time.Now()
	after := func(seconds float64) time.Time { return begin.Add(time.Duration(seconds * float64(time.Second))) }
	var s lanes
	enter := func(id string, seconds float64, instead string, want bool, places ...string) {
		t.Helper()
		next, ok := s.enter(places, queue.Ref{ID: id}, after(seconds))
		if ok != want || names(next) != instead {
			t.Errorf("%s enters: %v, then %q; want %v, %q", id, ok, names(next), want, instead)
		}
	}
	leave := func(then, now float64, want string, places ...string) {
		t.Helper()
		if got := names(s.leave(places, after(then), after(now))); got != want {
			t.Errorf("behind the one of %v comes %q, want %q", then, got, want)
		}
	}
	enter("a", 0, "", true, "slow")
	enter("b", 0.1, "", true, "slow")
	enter("c", 0.2, "", true, "slow")
	enter("d", 1, "", false, "slow")
	enter("e", 2, "", false, "quick", "slow")
	enter("f", 2, "", true, "quick")
	leave(2, 2.1, "", "quick")
	leave(0, 5, "", "slow")
	leave(0.1, 5, "d", "slow")
	enter("d", 5, "", true, "slow")
	enter("g", 5, "", false, "slow")
	leave(0.2, 6, "e", "slow")
	enter("e", 6, "", true, "quick", "slow")
	leave(5, 7, "g", "slow")
	enter("g", 7, "", true, "slow")
	enter("h", 7, "", false, "slow")
	enter("i", 7, "", false, "slow")
	leave(7, 7.1, "h", "slow") // g was quick, but e is still at it
	enter("h", 7.1, "", true, "slow")
	leave(6, 8, "i", "quick", "slow")
	enter("i", 8, "", true, "slow")
	leave(7.1, 8.1, "", "slow")
	leave(8, 8.2, "", "slow")
	if len(s.of) != 1 || !s.of["quick"].idle() {
		t.Errorf("what is remembered: %v", s.of)
	}
}

// Nothing is lost among lanes: all that waited are worked on in the end.
func TestLanesLoseNobody(t *testing.T) {
	var s lanes
	now := time.Now()
	places := [][]string{{"a"}, {"b"}, {"a", "b"}, {"b", "c"}, {"a", "c"}}
	done := 0
	type work struct {
		places []string
		then   time.Time
	}
	var inside []work
	of := map[string][]string{}
	var try func(id string)
	try = func(id string) {
		next, ok := s.enter(of[id], queue.Ref{ID: id}, now)
		if ok {
			inside = append(inside, work{of[id], now})
		}
		for _, r := range next {
			try(r.ID)
		}
	}
	const entries = 1000
	for n := range entries {
		id := fmt.Sprint(n)
		of[id] = places[n%len(places)]
		try(id)
		now = now.Add(100 * time.Millisecond)
		for len(inside) > 8 || n == entries-1 && len(inside) > 0 {
			first := inside[0]
			inside = inside[1:]
			done++
			now = now.Add(time.Duration(n%3) * time.Second)
			for _, r := range s.leave(first.places, first.then, now) {
				try(r.ID)
			}
		}
	}
	if done != entries {
		t.Errorf("%d of %d were worked on", done, entries)
	}
}
