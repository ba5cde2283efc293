package greylist

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestExpire(t *testing.T) {
	s := testStore(t)
	old, recent := noon.Add(-61*24*time.Hour).Format(time.RFC3339), noon.Add(-59*24*time.Hour).Format(time.RFC3339)
	writeWhite(t, s, "# kept\n"+
		"192.0.2.0/24 by hand\n"+
		"198.51.100.1 old since="+old+" delay=400\n"+
		"198.51.101.1 young since="+recent+"\n"+
		"203.0.113.0/24 said again\n"+
		"!192.0.2.7/32\n"+
		"not understood @\n"+
		"203.0.113.0/24 the last\n"+
		"!@nobody.example\n"+
		"old@example.org since="+old+"\n")
	for i, at := range []time.Duration{-15 * time.Hour, -13 * time.Hour, time.Hour} {
		if _, err := s.Check(query(fmt.Sprintf("10.0.%d.1", i), "bob@example.org"), noon.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	x, err := s.Expire(context.Background(), noon)
	if want := (Expired{Grey: 1, White: 4, Kept: 2}); x != want || err != nil {
		t.Errorf("%+v, %v; want %+v", x, err, want)
	}
	want := "# kept\n192.0.2.0/24 by hand\n198.51.101.1 young since=" + recent + "\n!192.0.2.7/32\nnot understood @\n203.0.113.0/24 the last\n"
	if got := readWhite(t, s); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n, err := s.entries(); n != 2 || err != nil {
		t.Errorf("the count is %d, %v; want 2", n, err)
	}
	if left, _ := s.list(greyFolder + "/192.0.2.25"); len(left) != 2 {
		t.Errorf("folders left: %q", left)
	}
	if x, err := s.Expire(context.Background(), noon); x != (Expired{Kept: 2}) || err != nil {
		t.Errorf("again: %+v, %v", x, err)
	}
}

// TestExpireKeepsWhatAPersonWrote: what a program has said again since then
// expires by itself.
func TestExpireKeepsWhatAPersonWrote(t *testing.T) {
	old, recent := noon.Add(-61*24*time.Hour).Format(time.RFC3339), noon.Add(-59*24*time.Hour).Format(time.RFC3339)
	for _, c := range []struct{ before, after string }{
		{"192.0.2.0/24 partner\n192.0.2.7 since=" + old + "\n", "192.0.2.0/24 partner\n"},
		{"192.0.2.0/24 partner\n192.0.2.7 since=" + old + "\n192.0.2.8 since=" + recent + "\n", "192.0.2.0/24 partner\n192.0.2.8 since=" + recent + "\n"},
		{"10.0.0.0/8 partner\n!10.1.0.0/24 guests\n10.1.0.7 since=" + old + "\n", "10.0.0.0/8 partner\n!10.1.0.0/24 guests\n"},
		{"192.0.2.7 since=" + recent + "\n192.0.2.0/24 partner\n", "192.0.2.0/24 partner\n"},
	} {
		s := testStore(t)
		writeWhite(t, s, c.before)
		_, err := s.Expire(context.Background(), noon)
		if got := readWhite(t, s); got != c.after || err != nil {
			t.Errorf("of %q is left %q, %v; want %q", c.before, got, err, c.after)
		}
	}
}

// TestExpireClock: a clock that is ten years ahead does not empty the lists.
func TestExpireClock(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, "198.51.100.1 since="+noon.Format(time.RFC3339)+"\n")
	const year, day = 8760 * time.Hour, 24 * time.Hour
	expire := func(at time.Duration) {
		t.Helper()
		if _, err := s.Expire(context.Background(), noon.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []time.Duration{0, 10 * year, -day, time.Hour} {
		expire(at)
	}
	for hour := range time.Duration(24) {
		expire(10*year + hour*time.Hour)
	}
	expire(2 * day)
	if readWhite(t, s) == "" {
		t.Error("the whitelist is empty")
	}
	// Nobody ran it for a year.
	for n := range time.Duration(60) {
		expire(year + n*day)
	}
	if text := readWhite(t, s); text != "" {
		t.Errorf("the whitelist is still %q", text)
	}
}

func TestExpireWhileExpiring(t *testing.T) {
	s := testStore(t)
	s.Check(query("198.51.100.7", "bob@example.org"), noon)
	l, err := s.lock(expireLock, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if x, err := s.Expire(context.Background(), noon.Add(24*time.Hour)); !x.Busy || err != nil {
		t.Errorf("%+v, %v; want Busy", x, err)
	}
}

// TestRefresh: who comes stays.
func TestRefresh(t *testing.T) {
	s := testStore(t)
	const day = 24 * time.Hour
	q := query("198.51.100.7", "bob@example.org")
	s.Check(q, noon)
	for at := time.Hour; at < 100*day; at += day {
		if _, err := s.Check(q, noon.Add(at)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Expire(context.Background(), noon.Add(at)); err != nil {
			t.Fatal(err)
		}
	}
	d, err := s.Look(q, noon.Add(100*day))
	if d.State != White || err != nil || strings.Count(readWhite(t, s), "\n") != 1 || d.Entry.Delay != time.Hour {
		t.Errorf("%+v, %v, %q", d, err, readWhite(t, s))
	}
	s.Expire(context.Background(), noon.Add(102*day)) // as time goes on
	for at := 102 * day; at <= 170*day; at += day {
		s.Expire(context.Background(), noon.Add(at))
	}
	if got := readWhite(t, s); got != "" {
		t.Errorf("who does not come stays: %q", got)
	}
}

// TestRefreshClock: who got on the list while the clock was years ahead is on it
// no longer than others.
func TestRefreshClock(t *testing.T) {
	s := testStore(t)
	const year = 365 * 24 * time.Hour
	q := query("198.51.100.7", "bob@example.org")
	s.Check(q, noon.Add(10*year))
	s.Check(q, noon.Add(10*year+time.Hour))
	for _, at := range []time.Duration{0, -72 * time.Hour, 72 * time.Hour} {
		if d, err := s.Check(q, noon.Add(at)); d.State != White || err != nil {
			t.Errorf("at %v: %v, %v; want white", at, d.State, err)
		}
	}
	list, err := s.Whitelist(nil)
	if err != nil || len(list) != 1 || list[0].Since.After(noon.Add(73*time.Hour)) {
		t.Errorf("%v, %v", list, err)
	}
}
