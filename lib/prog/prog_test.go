package prog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/lib/e2e"
)

// sh is the program that the tests run.
const sh = "/bin/sh"

func script(text string) Command { return Command{Path: sh, Args: []string{"-c", text}} }

func TestRun(t *testing.T) {
	tests := []struct {
		name, script string
		want         Result
	}{
		{"success", "echo out; echo err >&2", Result{Output: []byte("out\n"), Reason: "err"}},
		{"exit status", "exit 67", Result{Status: 67}},
		{"last line is the reason", "printf 'one\\ntwo \\033[2J\\r\\n\\n' >&2; exit 75", Result{Status: 75, Reason: "two  [2J"}},
		{"a line without an end", "printf 'a\\nb' >&2", Result{Reason: "b"}},
		{"octets that are no UTF-8", "printf 'a\\377b\\200' >&2", Result{Reason: "a?b?"}},
		{"signal", "kill -SEGV $$", Result{Status: 75, Signal: syscall.SIGSEGV}},
		{"killed by another", "kill -KILL $$", Result{Status: 75, Signal: syscall.SIGKILL}},
		{"empty environment", "test -z \"$HOME\" || exit 1", Result{}},
		{"standard input is empty", "read x && exit 1; exit 0", Result{}},
	}
	t.Setenv("HOME", "/somewhere")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Run(context.Background(), script(tt.script))
			if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tt.want) {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, tt.want)
			}
		})
	}
}

func TestRunBounds(t *testing.T) {
	got, err := Run(context.Background(), script(`
		i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done
		printf '%05000d\n' 0 >&2; printf '%0300d' 0 >&2`))
	if err != nil || len(got.Output) != maxOutput || len(got.Reason) != maxReason {
		t.Errorf("%d octets of output and %d of reason, %v; want %d and %d", len(got.Output), len(got.Reason), err, maxOutput, maxReason)
	}
}

func TestRunGives(t *testing.T) {
	dir := t.TempDir()
	open := func(name, text string) *os.File {
		path := filepath.Join(dir, name)
		os.WriteFile(path, []byte(text), 0o600)
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	c := script(`cat; cat <&3; echo "$A $1"; pwd -P`)
	c.Args = append(c.Args, "name", "a b; c")
	c.Env = []string{"A=value"}
	c.Dir = dir
	c.Stdin, c.Stdout = open("in", "in\n"), open("out", "")
	c.Files = []*os.File{open("three", "three\n")}
	got, err := Run(context.Background(), c)
	if err != nil || got.Status != 0 || got.Output != nil {
		t.Errorf("%+v, %v; want status 0 and nothing captured", got, err)
	}
	c.Stdout.Seek(0, io.SeekStart)
	real, _ := filepath.EvalSymlinks(dir)
	out, _ := io.ReadAll(c.Stdout)
	if got, want := string(out), "in\nthree\nvalue a b; c\n"+real+"\n"; got != want {
		t.Errorf("output %q, want %q", got, want)
	}
}

func TestRunLimit(t *testing.T) {
	dir := t.TempDir()
	c := script("echo why >&2; sleep 600 & echo $! >pid; wait")
	c.Dir, c.Env, c.Limit = dir, []string{"PATH=/bin:/usr/bin"}, 300*time.Millisecond
	begin := time.Now()
	got, err := Run(context.Background(), c)
	if !errors.Is(err, context.DeadlineExceeded) || got.Status != 75 || got.Signal != syscall.SIGKILL || got.Reason != "why" {
		t.Errorf("%+v, %v; want 75, killed, its time up, why", got, err)
	}
	if took := time.Since(begin); took > grace {
		t.Errorf("took %v", took)
	}
	e2e.Ended(t, filepath.Join(dir, "pid"))
}

func TestRunCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	if got, err := Run(ctx, script("exec sleep 600")); !errors.Is(err, context.Canceled) || got.Status != 75 {
		t.Errorf("%+v, %v; want 75 and that it was canceled", got, err)
	}
	if _, err := Run(ctx, script("exit 0")); !errors.Is(err, context.Canceled) {
		t.Errorf("started when canceled already: %v", err)
	}
}

// TestRunChildLivesOn has a child that keeps the pipes open.
func TestRunChildLivesOn(t *testing.T) {
	begin := time.Now()
	got, err := Run(context.Background(), Command{Path: sh, Args: []string{"-c", "echo out; sleep 5 & exit 3"}, Env: []string{"PATH=/bin:/usr/bin"}})
	if err != nil || got.Status != 3 || string(got.Output) != "out\n" {
		t.Errorf("%+v, %v; want 3 and out", got, err)
	}
	if took := time.Since(begin); took > 3*grace {
		t.Errorf("took %v, want about %v", took, grace)
	}
}

func TestRunNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	got, err := Run(context.Background(), Command{Path: path})
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "run "+path+": ") || got.Status != 75 {
		t.Errorf("%+v, %v; want 75 and that it does not exist", got, err)
	}
}

func TestRunAs(t *testing.T) {
	e2e.NeedRoot(t)
	c := script("id -u; id -g; id -G")
	c.Env = []string{"PATH=/bin:/usr/bin"}
	c.Cred = &syscall.Credential{Uid: 65534, Gid: 65533}
	got, err := Run(context.Background(), c)
	if want := "65534\n65533\n65533\n"; err != nil || string(got.Output) != want {
		t.Errorf("%q, %v; want %q", got.Output, err, want)
	}
}

// folder is a Places.
type folder string

func (f folder) Programs() string { return string(f) }

func TestFind(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "sister"), nil, 0o755)
	os.WriteFile(filepath.Join(dir, "text"), nil, 0o644)
	os.Mkdir(filepath.Join(dir, "folder"), 0o755)
	if got, err := Find(folder(dir), "sister"); got != filepath.Join(dir, "sister") || err != nil {
		t.Errorf("sister: %q, %v", got, err)
	}
	self, _ := os.Executable()
	if got, err := Find(folder(dir), filepath.Base(self)); got != self || err != nil {
		t.Errorf("ourselves: %q, %v; want %q", got, err, self)
	}
	for _, name := range []string{"text", "folder", "none"} {
		_, err := Find(folder(dir), name)
		if want := "program " + name + " is not in " + filepath.Dir(self) + " or " + dir; !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	for _, name := range []string{"", ".", "..", "../sister", "/bin/sh", "a\x00"} {
		if _, err := Find(folder(dir), name); !errors.Is(err, errName) {
			t.Errorf("%q: %v, want %v", name, err, errName)
		}
	}
}

func TestLastLine(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""}, {"\n\n", ""}, {"a\nb\n", "b"}, {"a\r\n", "a"}, {"a\u2028b\u0085c", "a b c"},
		{"\x1b[2J a\x7fb\u2029\u009b", "[2J a b"}, {"a\xff", "a?"}, {"\x1b\na\n \t\r\n", "a"},
		{strings.Repeat("x", 254) + "ü", strings.Repeat("x", 254)},
	}
	for _, tt := range tests {
		if got := lastLine([]byte(tt.in)); got != tt.want {
			t.Errorf("lastLine(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestJoin is a command that stays in our group: the time limit kills it
// alone, and not us.
func TestJoin(t *testing.T) {
	started := time.Now()
	_, err := Run(context.Background(), Command{Path: "/bin/sleep", Args: []string{"30"}, Limit: 100 * time.Millisecond, Join: true})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) > 10*time.Second {
		t.Errorf("got %v after %v, want a time limit", err, time.Since(started))
	}
}
