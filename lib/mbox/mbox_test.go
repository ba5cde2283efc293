package mbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var date = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const fromA = "From a@example.org Sat Nov 21 12:00:00 2026\n"

// message is a Message from a@example.org with text.
func message(text string) Message {
	return Message{Sender: "a@example.org", Date: date, Text: strings.NewReader(text)}
}

// box is the name of a mailbox in a fresh folder; content nil makes none.
func box(t *testing.T, content *string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "box")
	if content != nil {
		put(t, path, *content)
	}
	return path
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestAppend(t *testing.T) {
	tests := []struct{ name, before, text, want string }{
		{"into an empty mailbox", "", "Subject: x\n\nbody\n", fromA + "Subject: x\n\nbody\n\n"},
		{"behind a message", "From b x\n\nb\n\n", "\nc\n", "From b x\n\nb\n\n" + fromA + "\nc\n\n"},
		{"behind a missing blank line", "From b x\n\nb\n", "\nc\n", "From b x\n\nb\n\n" + fromA + "\nc\n\n"},
		{"behind an unfinished line", "From b x\n\nb", "\nc\n", "From b x\n\nb\n\n" + fromA + "\nc\n\n"},
		{"last line without end", "", "\nc", fromA + "\nc\n\n"},
		{"empty message", "", "", fromA + "\n"},
		{"From_ lines are quoted", "", "From x\n\nFrom y\n>From z\n from\nFrom\nFrom:\n",
			fromA + ">From x\n\n>From y\n>>From z\n from\nFrom\nFrom:\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := box(t, &tt.before)
			if err := Append(context.Background(), path, message(tt.text), Options{}); err != nil {
				t.Fatal(err)
			}
			if got := read(t, path); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if _, err := os.Lstat(path + ".lock"); err == nil {
				t.Error("the lock file is left over")
			}
		})
	}
}

func TestAppendReadsFromItsPlace(t *testing.T) {
	path := box(t, new(string))
	text := strings.NewReader("envelope\n\nbody\n")
	text.Seek(9, 0)
	m := Message{Date: date, Fields: []byte("X: y\n"), Text: text}
	if err := Append(context.Background(), path, m, Options{}); err != nil {
		t.Fatal(err)
	}
	want := "From MAILER-DAEMON Sat Nov 21 12:00:00 2026\nX: y\n\nbody\n\n"
	if got := read(t, path); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// looker is a text that looks at the lock file when it is read.
type looker struct {
	*strings.Reader
	lock string
	seen string // in the end, when the message is being written
}

func (l *looker) Read(p []byte) (int, error) {
	data, _ := os.ReadFile(l.lock)
	l.seen = string(data)
	return l.Reader.Read(p)
}

// The lock file is there while the mailbox is written, and tells the next
// writer what that does.
func TestDotLockMeanwhile(t *testing.T) {
	before := "From b x\n\nb\n"
	path := box(t, &before)
	text := &looker{Reader: strings.NewReader("\nc\n"), lock: path + ".lock"}
	if err := Append(context.Background(), path, Message{Sender: "a@example.org", Date: date, Text: text}, Options{}); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%d\npostern %s %d %d %q\n", os.Getpid(), hostname(), len(before), len(read(t, path)), "\n"+fromA)
	if text.seen != want {
		t.Errorf("the lock file was %q, want %q", text.seen, want)
	}
}

func TestLongLines(t *testing.T) {
	path := box(t, new(string))
	// The second piece of a long line is no begin of a line.
	long := strings.Repeat("x", 64<<10) + "From here\n"
	if err := Append(context.Background(), path, message(long), Options{}); err != nil {
		t.Fatal(err)
	}
	if got, want := read(t, path), fromA+long+"\n"; got != want {
		t.Errorf("a long line of %d octets became one of %d", len(want), len(got))
	}
}

func TestFromLine(t *testing.T) {
	for sender, want := range map[string]string{
		"":                "MAILER-DAEMON",
		"a@b":             "a@b",
		"\"a b\"@c":       "\"a-b\"@c",
		"a\nFrom evil@b":  "a-From-evil@b",
		"m\u00fcller@b.c": "m\u00fcller@b.c",
	} {
		got := FromLine(sender, date)
		if want := "From " + want + " Sat Nov 21 12:00:00 2026\n"; got != want {
			t.Errorf("sender %q: got %q, want %q", sender, got, want)
		}
	}
}

func TestCreate(t *testing.T) {
	path := box(t, nil)
	err := Append(context.Background(), path, message("\nx\n"), Options{})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a missing mailbox: got %v, want fs.ErrNotExist", err)
	}
	if err := Append(context.Background(), path, message("\nx\n"), Options{Create: true}); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Lstat(path)
	if err != nil || fi.Mode() != 0o600 {
		t.Errorf("got mode %v, %v, want 0600", fi.Mode(), err)
	}
}

func TestUnsafe(t *testing.T) {
	tests := []struct {
		name  string
		plant func(path string) error
		words string
	}{
		{"symbolic link", func(p string) error { return os.Symlink("/dev/null", p) }, "not a safe mailbox"},
		{"dangling link", func(p string) error { return os.Symlink(p+"x", p) }, "not a safe mailbox"},
		{"FIFO", func(p string) error { return syscall.Mkfifo(p, 0o600) }, "not a regular file"},
		{"folder", func(p string) error { return os.Mkdir(p, 0o700) }, "not a safe mailbox"},
		{"second name", func(p string) error {
			if err := os.WriteFile(p, nil, 0o600); err != nil {
				return err
			}
			return os.Link(p, p+"2")
		}, "has 2 names"},
		{"other owner", func(p string) error {
			if os.Geteuid() != 0 {
				return fs.ErrPermission
			}
			if err := os.WriteFile(p, nil, 0o666); err != nil {
				return err
			}
			return os.Chown(p, 12345, 12345)
		}, "owned by uid 12345"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := box(t, nil)
			if err := tt.plant(path); err != nil {
				t.Skip("cannot be planted here: ", err)
			}
			begin := time.Now()
			err := Append(context.Background(), path, message("\nx\n"), Options{Create: true})
			if !errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("got %v, want ErrUnsafe with %q", err, tt.words)
			}
			if d := time.Since(begin); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

// lockedBy makes a lock file with the given text and age.
func lockedBy(t *testing.T, path, text string, age time.Duration) {
	t.Helper()
	put(t, path+".lock", text)
	then := time.Now().Add(-age)
	if err := os.Chtimes(path+".lock", then, then); err != nil {
		t.Fatal(err)
	}
}

func TestDotLock(t *testing.T) {
	tests := []struct {
		name, text string
		age        time.Duration
		locked     bool
	}{
		{"of a living process", fmt.Sprint(os.Getppid()), time.Hour, true},
		{"of a dead process", "2147483646\n", 0, false},
		{"without a process, fresh", "", time.Minute, true},
		{"without a process, old", "0", time.Hour, false},
		{"without a process, of a clock that differs", "", -time.Hour, true},
		{"without a process, of a clock that was a year ahead", "", -365 * 24 * time.Hour, false},
		{"ours of another host", "2147483646\npostern elsewhere 0 10 \"From\"\n", time.Minute, true},
		{"ours of another host, old", "1\npostern elsewhere 0 10 \"From\"\n", time.Hour, false},
		{"ours of a process whose number lives again", "1\npostern " + hostname() + " 0 10 \"From\"\n", 0, perProcess},
		{"of a living process, and nearly ours", "1\npostern " + hostname() + " 0 10\n", time.Hour, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := box(t, new(string))
			lockedBy(t, path, tt.text, tt.age)
			err := Append(context.Background(), path, message("\nx\n"), Options{Wait: 50 * time.Millisecond})
			if errors.Is(err, ErrLocked) != tt.locked || !tt.locked && err != nil {
				t.Fatalf("got %v, want locked %v", err, tt.locked)
			}
			if _, err := os.Lstat(path + ".lock"); (err == nil) != tt.locked {
				t.Errorf("the lock file: %v, want there %v", err, tt.locked)
			}
		})
	}
}

func TestKernelLock(t *testing.T) {
	path := box(t, new(string))
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := kernelLock(f); err != nil {
		t.Fatal(err)
	}
	if perProcess {
		t.Skip("the kernel's locks do not exclude their own process here")
	}
	err = Append(context.Background(), path, message("\nx\n"), Options{Wait: 20 * time.Millisecond})
	if !errors.Is(err, ErrLocked) {
		t.Fatalf("got %v, want ErrLocked", err)
	}
	time.AfterFunc(20*time.Millisecond, func() { f.Close() })
	if err := Append(context.Background(), path, message("\nx\n"), Options{Wait: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
}

// TestMend is the mailbox after the death of a writer, and after the next one.
func TestMend(t *testing.T) {
	const old = "From b x\n\nold\n\n"
	half := fromA + "\nhalf of a mess"
	lock := func(from, to int, head string) string {
		return fmt.Sprintf("99\npostern %s %d %d %q\n", hostname(), from, to, head)
	}
	tests := []struct{ name, box, lock, want string }{
		{"nothing written", old, lock(len(old), 500, fromA), old},
		{"half a message", old + half, lock(len(old), 500, fromA), old},
		{"half a From_ line", old + "From a@ex", lock(len(old), 500, fromA), old},
		{"a whole message", old + half + "\n\n", lock(len(old), len(old+half)+2, fromA), old + half + "\n\n"},
		{"another's message behind it", old + half + "\n\nFrom c x\n\n\n", lock(len(old), 500, fromA), old + half + "\n\nFrom c x\n\n\n"},
		{"another's message instead", old + "From c x\n\nother\n\n", lock(len(old), 500, fromA), old + "From c x\n\nother\n\n"},
		{"mailbox made smaller meanwhile", "From b x\n\n\n", lock(len(old), 500, fromA), "From b x\n\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := box(t, &tt.box)
			put(t, path+".lock", tt.lock)
			if err := Append(context.Background(), path, message("\nnew\n"), Options{}); err != nil {
				t.Fatal(err)
			}
			if got, want := read(t, path), tt.want+fromA+"\nnew\n\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestMark is a second attempt after one whose end was not known.
func TestMark(t *testing.T) {
	const text = "Received: by x\n\tid abc; today\n\nFrom here\nend\n"
	const there = "From a@example.org Fri Nov 20 11:00:00 2026\nReceived: by x\n\tid abc; today\n\n>From here\nend\n\n"
	const other = "From b x\n\nother\n\n"
	tests := []struct {
		name, box string
		added     bool
	}{
		{"empty", "", true},
		{"other messages", other, true},
		{"there", there, false},
		{"there among others", other + there + other, false},
		{"a part of it", other + there[:len(there)-8] + "\n\n" + other, true},
		{"the end of it is missing", there[:len(there)-8], true},
		{"another that says so", "From b x\nSubject: id abc;\n\n\n", true},
		{"that and it", "From b x\nSubject: id abc;\n\n\n" + there, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := box(t, &tt.box)
			for range 2 {
				if err := Append(context.Background(), path, message(text), Options{Mark: []byte("id abc;")}); err != nil {
					t.Fatal(err)
				}
			}
			got := read(t, path)
			if added := len(got) > len(tt.box); added != tt.added || !strings.HasPrefix(got, tt.box) {
				t.Errorf("added %v, want %v: %q", added, tt.added, got)
			}
			if n := strings.Count(got, "id abc; today\n\n>From here\nend\n\n"); n != 1 {
				t.Errorf("there are %d of it: %q", n, got)
			}
		})
	}
}

func TestHasFromLine(t *testing.T) {
	pad := strings.Repeat("x", 64<<10-5)
	tests := []struct {
		text string
		want bool
	}{
		{"", false}, {"From x", true}, {"a\nFrom x", true}, {">From x", false}, {"a From x", false},
		{pad + "\nFrom x", true}, {pad + "xx\nFrom x", true}, {pad + "xFrom x", false},
	}
	for _, tt := range tests {
		got, err := hasFromLine(strings.NewReader(tt.text))
		if got != tt.want || err != nil {
			t.Errorf("%d octets ending %q: got %v, %v, want %v", len(tt.text), tt.text[max(0, len(tt.text)-10):], got, err, tt.want)
		}
	}
}

func TestWriteFails(t *testing.T) {
	const old = "From b x\n\nold\n\n"
	content := old
	path := box(t, &content)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := message("")
	m.Text = &broken{left: 100 << 10}
	if err := write(f, plan{from: int64(len(old)), head: fromA}, m); err == nil {
		t.Fatal("a broken text was written")
	}
	if got := read(t, path); got != old {
		t.Errorf("got %d octets, want the %d there were", len(got), len(old))
	}
}

// broken is a text that cannot be read to its end.
type broken struct{ left int }

func (b *broken) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, syscall.EIO
	}
	n := min(len(p), b.left)
	copy(p, bytes.Repeat([]byte{'x'}, n))
	b.left -= n
	return n, nil
}

func (b *broken) Seek(int64, int) (int64, error) { return 0, nil }

func FuzzLockFile(f *testing.F) {
	f.Add(int64(0), int64(5000), fromA)
	f.Add(int64(1), int64(-1), "\n\nFrom \xff\" x\n")
	f.Fuzz(func(t *testing.T, from, to int64, head string) {
		if head == "" {
			return // a message always begins with something
		}
		p := plan{from, to, head}
		if l := parseLock(string(p.record())); !l.ours || l.plan != p || l.pid != os.Getpid() {
			t.Errorf("%q is read as %+v", p.record(), l)
		}
		parseLock(head)
	})
}
