package dns

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory(100)
	now := time.Unix(1e9, 0)
	for i := range 1000 {
		_, f, mine := m.find(key{fmt.Sprint(i), TypeA}, now)
		if !mine {
			t.Fatalf("%d is known", i)
		}
		f.set(Answer{TTL: time.Minute}, nil, true)
		m.land(f, now)
	}
	known := 0
	for i := range 1000 {
		if _, f, _ := m.find(key{fmt.Sprint(i), TypeA}, now); f == nil {
			known++
		} else {
			m.flights.end(f)
		}
	}
	if known < 32 || known > 100 {
		t.Errorf("%d answers kept of 100", known)
	}
	open := 0
	for _, f := range m.flights.chains {
		if f != nil {
			open++
		}
	}
	if open > 0 {
		t.Errorf("%d questions still open", open)
	}
}

// Who answers with as much as a message holds, under as many names as he likes,
// does not fill the memory with it.
func TestBigAnswersAreNotKept(t *testing.T) {
	now := time.Unix(1e9, 0)
	records := func(n, size int) (list []Record) {
		for range n {
			list = append(list, Record{Data: strings.Repeat("x", size)})
		}
		return list
	}
	tests := []struct {
		name string
		a    Answer
		err  error
		kept bool
	}{
		{"usual", Answer{Records: records(40, 64)}, nil, true},
		{"long", Answer{Records: records(1, 60000)}, nil, false},
		{"many", Answer{Records: records(4000, 7)}, nil, false},
		{"long aliases", Answer{Records: records(1, 7), Aliases: records(10, 1000)}, nil, false},
		{"long aliases to nothing", Answer{}, &Error{Kind: ErrNotFound, Aliases: records(10, 1000), ttl: time.Minute}, false},
	}
	for _, tt := range tests {
		m := newMemory(100)
		_, f, _ := m.find(key{tt.name, TypeTXT}, now)
		tt.a.TTL = time.Minute
		f.set(tt.a, tt.err, true)
		m.land(f, now)
		if _, f, _ := m.find(key{tt.name, TypeTXT}, now); (f == nil) != tt.kept {
			t.Errorf("%s: kept is %v, want %v", tt.name, f == nil, tt.kept)
		}
	}
}

// Of those that share a place, what would be out of date first makes room; a new
// answer takes the place of the old one.
func TestTable(t *testing.T) {
	tab := table{limit: ways}
	now := time.Unix(1e9, 0)
	keep := func(name string, minutes int) {
		tab.keep(&flight{key: key{name, TypeA}, hash: uint64(len(name))}, now.Add(time.Duration(minutes)*time.Minute))
	}
	known := func(minutes int) (names string) {
		for _, name := range []string{"a", "bb", "cc", "d", "e", "f", "g", "h", "i", "j"} {
			k := key{name, TypeA}
			if tab.find(k, uint64(len(name)), now.Add(time.Duration(minutes)*time.Minute)) != nil {
				names += name
			}
		}
		return names
	}
	for i, name := range []string{"a", "bb", "cc", "d", "e", "f", "g", "h"} {
		keep(name, 20-i)
	}
	keep("a", 30)
	if got, want := known(0), "abbccdefgh"; got != want {
		t.Errorf("%s are known, want %s", got, want)
	}
	keep("i", 1)
	keep("j", 40)
	if got, want := known(0), "abbccdefgj"; got != want {
		t.Errorf("%s are known, want %s", got, want)
	}
	if got, want := known(20), "aj"; got != want {
		t.Errorf("%s are known after 20 minutes, want %s", got, want)
	}
}
