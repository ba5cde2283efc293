package crashtest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"postern/lib/e2e"
)

// NeedStrace ends a test where there is no strace, or where it may not trace.
func NeedStrace(t testing.TB) {
	t.Helper()
	if err := exec.Command("strace", "-o", os.DevNull, "true").Run(); err != nil {
		e2e.Missing(t, "strace: %v", err)
	}
}

// Trace runs a role under strace with some options, and gives what it printed.
func Trace(options []string, role string, args ...string) (said string, err error) {
	options = append(append([]string{"-f"}, options...), os.Args[0])
	cmd := roleCommand(role, "strace", append(append(options, args...), "0")...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// maxKills bounds how often one call is killed at: more are a test that does
// not end.
const maxKills = 200

// KillAtEach plays a role again and again, each time with other arguments, and
// kills it before the first call of a name, the second and so on until it comes
// to its end. After each time check is called with what it had printed.
func KillAtEach(t testing.TB, call, role string, args func(n int) []string, check func(n int, said string)) {
	t.Helper()
	for n := range maxKills {
		kill := fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, n+1)
		said, err := Trace([]string{"-o", os.DevNull, "-e", "trace=" + call, "-e", kill}, role, args(n)...)
		check(n, said)
		switch {
		case err == nil && n == 0:
			t.Errorf("%s is never called", call)
			return
		case err == nil || t.Failed():
			return
		case !strings.Contains(err.Error(), "killed"):
			t.Fatalf("%s, kill %d: %v: %s", call, n, err, said)
		}
	}
	t.Errorf("%s was killed at %d times and goes on", call, maxKills)
}

// Calls are the names of some system calls of a trace, in order, behind the last
// mark of each name. A mark is the file of this name in the folder Marks, which
// the traced process asks for.
func Calls(trace string, names ...string) map[string]string {
	got := make(map[string]string)
	mark := ""
	for line := range strings.Lines(trace) {
		words := strings.Fields(line) // process, call(arguments...
		if len(words) < 2 {
			continue
		}
		name, rest, _ := strings.Cut(strings.Join(words[1:], " "), "(")
		if _, m, ok := strings.Cut(rest, Marks); ok {
			mark, _, _ = strings.Cut(m, `"`)
			got[mark] = ""
			continue
		}
		for _, wanted := range names {
			if name == wanted {
				got[mark] = strings.TrimSpace(got[mark] + " " + name)
			}
		}
	}
	return got
}

// Marks is a folder that does not exist; asking for a file in it shows in a
// trace.
const Marks = "/no-such-folder/"

// FileCalls are the system calls about files that a Go program of ours makes,
// without those of the runtime.
func FileCalls() []string {
	return []string{
		"openat", "openat2", "flock", "fstat", "newfstatat", "pread64", "pwrite64", "read", "write", "close", "fcntl",
		"ftruncate", "unlinkat", "mkdirat", "utimensat", "fchownat", "renameat", "fsync", "lseek", "epoll_ctl",
	}
}
