package greylist

import (
	"os"
	"testing"

	"postern/lib/crashtest"
)

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
