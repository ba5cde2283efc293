package state

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// needStrace skips a test where there is no strace, or where it may not trace.
func needStrace(t *testing.T) {
	t.Helper()
	err := exec.Command("strace", "-o", os.DevNull, "true").Run()
	if err == nil {
		return
	}
	if os.Getenv("POSTERN_REAL") == "1" {
		t.Fatalf("strace: %v", err)
	}
	t.Skipf("strace: %v", err)
}

// traced runs a role under strace.
func traced(role, dir string, args ...string) error {
	args = append(args, os.Args[0], dir, "0")
	cmd := exec.Command("strace", append([]string{"-f", "-o", dir + ".trace"}, args...)...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role, "GOMAXPROCS=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// A process is killed before each of its system calls on the store in turn;
// what it leaves is as if it had not begun or had done what it did.
func TestKilledAnywhere(t *testing.T) {
	needStrace(t)
	if testing.Short() {
		t.Skip("starts many processes")
	}
	base := t.TempDir()
	for _, call := range []string{"mkdirat", "openat2", "flock", "pwrite64", "ftruncate", "unlinkat", "getdents64"} {
		kills := 0
		for ; kills < 100; kills++ {
			dir := fmt.Sprint(base, "/", call, kills)
			err := traced("all", dir, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, kills+1))
			checkLeft(t, Open(dir), dir)
			if err == nil {
				break
			}
			if !strings.Contains(err.Error(), "killed") {
				t.Fatalf("%s %d: %v", call, kills, err)
			}
		}
		if kills == 0 || kills == 100 {
			t.Errorf("%s was killed %d times, want some", call, kills)
		}
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
	needStrace(t)
	dir := filepath.Join(t.TempDir(), "store")
	if err := traced("calls", dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(dir + ".trace")
	if err != nil {
		t.Fatal(err)
	}
	got := callsByMark(string(text))
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

// callsByMark is the names of the calls behind the last mark of each name,
// without those of the Go runtime.
func callsByMark(trace string) map[string]string {
	got := make(map[string]string)
	mark := ""
	for line := range strings.Lines(trace) {
		words := strings.Fields(line) // process, call(arguments...
		if len(words) < 2 {
			continue
		}
		name, rest, _ := strings.Cut(strings.Join(words[1:], " "), "(")
		if _, m, ok := strings.Cut(rest, marks); ok {
			mark, _, _ = strings.Cut(m, `"`)
			got[mark] = ""
			continue
		}
		switch name {
		case "openat", "openat2", "flock", "fstat", "newfstatat", "pread64", "pwrite64", "read", "write",
			"close", "fcntl", "ftruncate", "unlinkat", "mkdirat", "lseek", "epoll_ctl":
			got[mark] = strings.TrimSpace(got[mark] + " " + name)
		}
	}
	return got
}
