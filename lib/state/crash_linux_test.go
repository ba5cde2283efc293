package state

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"postern/lib/crashtest"
)

// A process is killed before each of its system calls on the store in turn;
// what it leaves is as if it had not begun or had done what it did.
func TestKilledAnywhere(t *testing.T) {
	crashtest.NeedStrace(t)
	if testing.Short() {
		t.Skip("starts many processes")
	}
	base := t.TempDir()
	for _, call := range []string{"mkdirat", "openat2", "flock", "pwrite64", "ftruncate", "unlinkat", "getdents64"} {
		dir := func(n int) string { return fmt.Sprint(base, "/", call, n) }
		crashtest.KillAtEach(t, call, "all", func(n int) []string { return []string{dir(n)} },
			func(n int, _ string) { checkLeft(t, Open(dir(n)), dir(n)) })
	}
}

// checkLeft uses what a process has left.
func checkLeft(t *testing.T, s *Store, dir string) {
	t.Helper()
	if slot, err := s.Slot(context.Background(), "k", 1); err != nil {
		t.Errorf("%s: Slot: %v", dir, err)
	} else {
		slot.Release()
	}
	take(t, s.Rate("k", 60, 10), 8, noon, true)
	take(t, s.Rate("k", 60, 10), 3, noon, false)
	got, ok, err := s.Cache("c").Get("k", noon)
	if value := string(got); err != nil || ok && value != "value 0" && value != "value 1" {
		t.Errorf("%s: Get = %q, %v, %v", dir, got, ok, err)
	}
	if err := s.Cache("c").Put("k", nil, noon, time.Hour); err != nil {
		t.Errorf("%s: Put: %v", dir, err)
	}
	if _, err := s.Sweep(context.Background(), noon.Add(100*time.Hour)); err != nil {
		t.Errorf("%s: Sweep: %v", dir, err)
	}
	if left := files(t, dir); len(left) != 1 || left[0] != sweepName {
		t.Errorf("%s: the sweeper left %q", dir, left)
	}
}

// What a session's calls cost, in system calls.
func TestSystemCalls(t *testing.T) {
	crashtest.NeedStrace(t)
	dir := filepath.Join(t.TempDir(), "store")
	trace := dir + ".trace"
	if said, err := crashtest.Trace([]string{"-o", trace}, "calls", dir); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	got := crashtest.Calls(string(text), crashtest.FileCalls()...)
	for mark, want := range map[string]string{
		"slot":    "openat2 flock fstat",
		"full":    "openat2 flock flock close",
		"release": "close",
		"take":    "openat2 flock pread64 pwrite64 close",
		"refused": "openat2 flock pread64 close",
		"peek":    "openat2 flock pread64 close",
		"put":     "openat2 pwrite64 close",
		"get":     "openat2 pread64 close",
	} {
		if got[mark] != want {
			t.Errorf("%s: %s; want %s", mark, got[mark], want)
		}
	}
}
