package greylist

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Whitelist returns what is in force of the whitelist, sorted: networks by
// their addresses, then the other kinds. bad, when it is there, hears of every
// line that is neither understood nor a comment.
func (s *Store) Whitelist(bad func(line string, err error)) ([]Entry, error) {
	v, err := s.openFiles()
	if err != nil || v.text == nil {
		return nil, err
	}
	defer v.close()
	last := make(map[key]found)
	taken := withdrawals{last: make(map[key]int64)}
	text := io.NewSectionReader(v.text, 0, int64(v.state.Size))
	err = eachLine(text, func(e Entry, at int64) {
		last[e.key()] = found{e, at, true}
		if e.Withdrawn {
			taken.add(&e, at)
		}
	}, func(line string, _ int64, err error) {
		if bad != nil && err != errComment {
			bad(line, err)
		}
	})
	list := make([]Entry, 0, len(last))
	for _, f := range last {
		if !f.Withdrawn && !taken.back(&f) {
			list = append(list, f.Entry)
		}
	}
	slices.SortFunc(list, compareEntries)
	return list, err
}

func compareEntries(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.Net.Addr().Compare(b.Net.Addr()), cmp.Compare(a.Net.Bits(), b.Net.Bits()), strings.Compare(a.Word, b.Word))
}

// Stranger is one that has come and has not passed: an entry of tmp. Its names
// are those of the files, see safefile.Name.
type Stranger struct {
	Local, Remote, Recipient string
	First, Last              time.Time
	Decision                 Decision // if it came now
}

// EachStranger calls f with every entry, in no order.
func (s *Store) EachStranger(ctx context.Context, now time.Time, f func(Stranger)) error {
	return s.eachEntry(ctx, func(name string, st *unix.Stat_t) error {
		part := strings.SplitN(name, "/", 4)
		g := Stranger{Local: part[1], Remote: part[2], Recipient: part[3], First: mtime(st), Last: atime(st)}
		g.Decision, _ = s.judge(g.First, now)
		f(g)
		return nil
	})
}

// Stats is what the lists say of themselves.
type Stats struct {
	Seen    int // strangers that came
	Retried int // of these, those that came again
	Passed  int // of these, those that got onto the whitelist
	Listed  int // lines of the whitelist that are in force
	// Delays is after how long those that passed came again, in order.
	Delays []time.Duration
}

// Median is the middle of the delays, 0 when there is none.
func (t *Stats) Median() time.Duration {
	if len(t.Delays) == 0 {
		return 0
	}
	return t.Delays[len(t.Delays)/2]
}

// Stats counts those who are on the lists: who has expired is forgotten.
func (s *Store) Stats(ctx context.Context, now time.Time) (t Stats, err error) {
	list, err := s.Whitelist(nil)
	if err != nil {
		return t, err
	}
	for i := range list {
		if list[i].Delay > 0 {
			t.Delays = append(t.Delays, list[i].Delay)
		}
	}
	slices.Sort(t.Delays)
	t.Listed, t.Passed = len(list), len(t.Delays)
	t.Seen, t.Retried = t.Passed, t.Passed
	err = s.EachStranger(ctx, now, func(g Stranger) {
		t.Seen++
		if g.Last.After(g.First) {
			t.Retried++
		}
	})
	return t, err
}
