package safefile

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain runs what a test does in a process of its own, since limits cannot
// be taken back.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SAFEFILE_LIMITED"); dir != "" {
		limited(dir)
		return
	}
	os.Exit(m.Run())
}

// limited fills dir beyond RLIMIT_FSIZE and says what it was told.
func limited(dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 100_000, Max: 100_000})
	report(fillUp(dir))
}

// fillUp tries the ways to write more than there is room for.
func fillUp(dir string) map[string]error {
	got := make(map[string]error)
	small := NewDraft(dir, 300_000)
	if _, err := small.Write(text(200_000)); err != nil {
		got["memory"] = err
	}
	got["commit"] = small.Commit(0o600, filepath.Join(dir, "commit"))
	small.Discard()
	large := NewDraft(dir, 0)
	_, got["write"] = large.Write(text(200_000))
	got["small writes"] = writeUntil(dir, 200_000, 1000)
	got["commit after write"] = large.Commit(0o600, filepath.Join(dir, "write"))
	large.Discard()
	got["writefile"] = WriteFile(filepath.Join(dir, "old"), text(200_000), 0o600)
	return got
}

// writeUntil writes n octets in pieces until one of them fails.
func writeUntil(dir string, n, piece int) error {
	d := NewDraft(dir, 0)
	defer d.Discard()
	for range n / piece {
		if _, err := d.Write(text(piece)); err != nil {
			return err
		}
	}
	return nil
}

func report(got map[string]error) {
	for what, err := range got {
		switch {
		case errors.Is(err, syscall.EFBIG):
			os.Stdout.WriteString(what + "=EFBIG\n")
		default:
			os.Stdout.WriteString(what + "=" + errorText(err) + "\n")
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return "nil"
	}
	return err.Error()
}

func TestFileSizeLimit(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "SAFEFILE_LIMITED="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, what := range []string{"commit", "write", "small writes", "commit after write", "writefile"} {
		if !strings.Contains(string(out), what+"=EFBIG\n") {
			t.Errorf("%s is not EFBIG in:\n%s", what, out)
		}
	}
	checkOnlyOld(t, dir)
}

func checkOnlyOld(t *testing.T, dir string) {
	t.Helper()
	if got := listing(t, dir); len(got) != 1 || got[0] != "old" {
		t.Errorf("folder holds %q, want the old file alone", got)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "old")); string(got) != "old" {
		t.Errorf("the old file holds %d octets, want what it held", len(got))
	}
}

func TestDiskFull(t *testing.T) {
	dir := smallDisk(t)
	if err := os.WriteFile(filepath.Join(dir, "old"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, err := range fillUp(dir) {
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v, want ENOSPC", what, err)
		}
	}
	checkOnlyOld(t, dir)
	if err := WriteFile(filepath.Join(dir, "old"), []byte("new"), 0o600); err != nil {
		t.Errorf("the disk is not free again: %v", err)
	}
}
