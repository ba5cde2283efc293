package greylist

import (
	"testing"
	"time"

	"postern/lib/e2e"
)

// TestRootLeavesNothingOfItsOwn: what root makes in a folder of smtpd's, smtpd
// can write.
func TestRootLeavesNothingOfItsOwn(t *testing.T) {
	e2e.NeedRoot(t)
	s := testStore(t)
	writeWhite(t, s, padding())
	e2e.GiveAway(t, s.Dir, s.Dir+"/"+whiteName)
	for _, at := range []time.Duration{0, time.Hour} {
		for _, q := range []*Query{query("198.51.100.7", "bob@example.org"), query("198.51.100.7", "ann@example.org")} {
			if _, err := s.Check(q, noon.Add(at)); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.Check(query("203.0.113.7", "bob@example.org"), noon)
	e2e.GivenAway(t, s.Dir)
}

// TestRootKeepsTheIndex: a file that is smtpd's already is not touched, which
// would make it look edited.
func TestRootKeepsTheIndex(t *testing.T) {
	e2e.NeedRoot(t)
	s := testStore(t)
	writeWhite(t, s, padding())
	e2e.GiveAway(t, s.Dir, s.Dir+"/"+whiteName)
	add(t, s, "192.0.2.1")
	first, err := s.stat(indexName)
	if err != nil {
		t.Fatal(err)
	}
	add(t, Open(s.Config), "192.0.2.2")
	if second, err := s.stat(indexName); err != nil || second.Ino != first.Ino {
		t.Errorf("a line more made the index anew, %v", err)
	}
}
