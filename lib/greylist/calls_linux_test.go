package greylist

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/crashtest"
)

// callsBetweenMarks asks about clients of each kind.
func callsBetweenMarks(s *Store) error {
	steps := []struct {
		name string
		q    *Query
		at   time.Time
	}{
		{"stranger", query("198.51.100.2", "bob@example.org"), time.Now()},
		{"early", query("198.51.100.2", "bob@example.org"), time.Now()},
		{"recipient", query("198.51.100.2", "ann@example.org"), time.Now()},
		{"white", query("203.0.113.1", "bob@example.org"), time.Now()},
	}
	// When all is open, and the folder of our address exists.
	if _, err := s.Check(query("198.51.100.1", "bob@example.org"), time.Now()); err != nil {
		return err
	}
	for _, st := range steps {
		unix.Access(crashtest.Marks+st.name, 0)
		if _, err := s.Check(st.q, st.at); err != nil {
			return err
		}
	}
	return nil
}

// TestSystemCalls: what a decision costs, in system calls.
func TestSystemCalls(t *testing.T) {
	crashtest.NeedStrace(t)
	s := testStore(t)
	writeWhite(t, s, "203.0.113.0/24\n"+padding())
	trace := s.Dir + ".trace"
	if said, err := crashtest.Trace([]string{"-o", trace}, "calls", s.Dir); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	got := crashtest.Calls(string(text), crashtest.FileCalls()...)
	const white = "newfstatat pread64 pread64" // the text; a bucket of the index for each length of prefixes
	for mark, want := range map[string]string{
		"white":    white + " pread64", // and the line
		"stranger": white + " fstat mkdirat openat2 fstat close write",
		"early":    white + " fstat mkdirat newfstatat utimensat " + white,
	} {
		if got[mark] != want {
			t.Errorf("%s: %s; want %s", mark, got[mark], want)
		}
	}
}
