package greylist

import (
	"os"
	"testing"
)

// TestMovedAway: a process that has the folder of an address open makes no
// entries in one that was moved away or removed.
func TestMovedAway(t *testing.T) {
	s := testStore(t)
	tmp := s.Dir + "/" + greyFolder
	moves := map[string]func() error{
		"moved":   func() error { return os.Rename(tmp, tmp+".old") },
		"removed": func() error { return os.RemoveAll(tmp) },
	}
	for name, move := range moves {
		for i, want := range []State{New, Early} {
			if d, err := s.Check(query("198.51.100.7", "bob@example.org"), noon); d.State != want || err != nil {
				t.Errorf("before %s, %d: %v, %v; want %v", name, i, d.State, err, want)
			}
		}
		if err := move(); err != nil {
			t.Fatal(err)
		}
		for i, want := range []State{New, Early} {
			if d, err := s.Check(query("203.0.113.9", "bob@example.org"), noon); d.State != want || err != nil {
				t.Errorf("%s, %d: %v, %v; want %v", name, i, d.State, err, want)
			}
		}
		if err := os.RemoveAll(tmp); err != nil {
			t.Fatal(err)
		}
	}
}
