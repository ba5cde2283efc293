package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
	"postern/lib/smtp"
)

// open makes an empty queue.
func open(t testing.TB) *Queue {
	t.Helper()
	q, err := Open(filepath.Join(t.TempDir(), "queue"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

func mailbox(local, domain string) smtp.Mailbox { return smtp.Mailbox{Local: local, Domain: domain} }

// envelope is one for the recipients local@example.org.
func envelope(locals ...string) *smtp.Envelope {
	env := &smtp.Envelope{Sender: mailbox("sender", "example.net")}
	for _, l := range locals {
		env.Recipients = append(env.Recipients, smtp.Recipient{Mailbox: mailbox(l, "example.org")})
	}
	return env
}

// add commits an entry and answers its id.
func add(t testing.TB, q *Queue, env *smtp.Envelope, text string) string {
	t.Helper()
	d := q.Create(env)
	if _, err := io.WriteString(d, text); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	return d.ID()
}

// take takes an entry that must be there.
func take(t testing.TB, q *Queue, id string) *Entry {
	t.Helper()
	e, err := q.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// ids are the entries that are due at a time.
func ids(t testing.TB, q *Queue, now time.Time) []string {
	t.Helper()
	var got []string
	for ref, err := range q.Due(context.Background(), now) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ref.ID)
	}
	slices.Sort(got)
	return got
}

func TestEntryKeepsAll(t *testing.T) {
	q := open(t)
	env := envelope("a", "b c", "d")
	env.Recipients[1].Notify = []string{"FAILURE", "DELAY"}
	env.Recipients[1].ORcpt = "rfc822;b c@example.org"
	env.Recipients[2].Dest = "alias d"
	env.SMTPUTF8, env.Body, env.EnvID, env.Ret, env.Size = true, "8BITMIME", "x y", "HDRS", 17
	env.Auth, env.Ident = "<>", "uid#1000@localhost"
	const text = "Received: by us\n\nhello\n.\n"
	e := take(t, q, add(t, q, env, text))
	if got, want := fmt.Sprintf("%+v", e.Envelope), fmt.Sprintf("%+v", env); got != want {
		t.Errorf("envelope\n got %s\nwant %s", got, want)
	}
	if got, err := io.ReadAll(e.Message()); err != nil || string(got) != text {
		t.Errorf("text %q, %v", got, err)
	}
	f, err := e.Message().File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, _ := io.ReadAll(f); string(got) != text {
		t.Errorf("text by File %q", got)
	}
	if d := time.Since(e.Created); d < 0 || d > time.Minute {
		t.Errorf("created %v ago", d)
	}
}

func TestCreateRefuses(t *testing.T) {
	bad := envelope("a")
	bad.Recipients[0].Mailbox.Domain = "no domain"
	long := envelope("a")
	long.Recipients[0].ORcpt = strings.Repeat("x", maxLine)
	for name, env := range map[string]*smtp.Envelope{"no recipients": envelope(), "bad address": bad, "long line": long} {
		q := open(t)
		d := q.Create(env)
		if _, err := d.Write([]byte("x")); err == nil {
			t.Errorf("%s: Write took it", name)
		}
		if err := d.Commit(); err == nil {
			t.Errorf("%s: Commit took it", name)
		}
		if got := ids(t, q, time.Now()); len(got) != 0 {
			t.Errorf("%s: entries %q", name, got)
		}
	}
}

func TestNothingBeforeCommit(t *testing.T) {
	q := open(t)
	d := q.Create(envelope("a"))
	io.WriteString(d, strings.Repeat("x\n", safefile.UsualMemory))
	if got := ids(t, q, time.Now()); len(got) != 0 {
		t.Errorf("entries %q before Commit", got)
	}
	d.Discard()
	d.Discard()
	if got := ids(t, q, time.Now()); len(got) != 0 {
		t.Errorf("entries %q after Discard", got)
	}
}

func TestMarkSurvives(t *testing.T) {
	q := open(t)
	id := add(t, q, envelope("a", "b", "c"), "text\n")
	e := take(t, q, id)
	tried := time.Unix(1760000000, 0).UTC()
	want := Status{State: Waiting, Tries: 3, Tried: tried, Reply: "450 4.2.0 busy"}
	if err := e.Mark(1, want); err != nil {
		t.Fatal(err)
	}
	if err := e.Begin(2); err != nil {
		t.Fatal(err)
	}
	e.Close()
	e = take(t, q, id)
	for i, want := range []bool{false, false, true} {
		if got := e.Interrupted(i); got != want {
			t.Errorf("interrupted %d: %v, want %v", i, got, want)
		}
	}
	for i, want := range []Status{{}, want, {State: Begun}} {
		if got := e.Status(i); got != want {
			t.Errorf("status %d: got %+v, want %+v", i, got, want)
		}
	}
	if got, _ := io.ReadAll(e.Message()); string(got) != "text\n" {
		t.Errorf("text %q", got)
	}
}

func TestLock(t *testing.T) {
	q := open(t)
	id := add(t, q, envelope("a"), "text\n")
	e := take(t, q, id)
	if _, err := q.Get(id); !errors.Is(err, ErrLocked) {
		t.Errorf("second Get: %v, want ErrLocked", err)
	}
	stale := e.Ref
	if err := e.Retry(time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Take(stale); !errors.Is(err, ErrNotFound) {
		t.Errorf("Take where it was: %v, want ErrNotFound", err)
	}
	if e, err := q.Get(id); err != nil || e.Place != Wait {
		t.Errorf("Get after Retry: %v, %v", e, err)
	}
}

// A child that is being started has a copy of every descriptor until its exec:
// what is given back meanwhile must be free all the same.
func TestCloseUnlocks(t *testing.T) {
	q := open(t)
	id := add(t, q, envelope("a"), "text\n")
	e := take(t, q, id)
	fd, err := unix.Dup(int(e.file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := q.Get(id)
	if err != nil {
		t.Fatalf("got %v for an entry that was given back", err)
	}
	again.Close()
}

// A second process may open the file, then wait for the lock while the first
// moves the entry: it must notice.
func TestMovedWhileOpened(t *testing.T) {
	q := open(t)
	id := add(t, q, envelope("a"), "text\n")
	first := take(t, q, id)
	f, err := q.root.OpenFile(first.path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	second := &Entry{Ref: first.Ref, q: q, file: f}
	if err := first.Retry(time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := second.load(); !errors.Is(err, ErrNotFound) {
		t.Errorf("load: %v, want ErrNotFound", err)
	}
}

func TestDue(t *testing.T) {
	now := time.Now()
	tests := []struct {
		name string
		wait time.Duration
		at   time.Duration // of the look
		want bool
	}{
		{"not yet", time.Hour, 0, false},
		{"just before", time.Hour, 58 * time.Minute, false},
		{"then", time.Hour, 61 * time.Minute, true},
		{"long past", time.Hour, 100 * 24 * time.Hour, true},
		{"farther than the horizon", 100 * 24 * time.Hour, 23 * time.Hour, false},
		{"at the horizon", 100 * 24 * time.Hour, 25 * time.Hour, true},
		{"the clock was a year ahead", time.Hour, -365 * 24 * time.Hour, true},
	}
	for _, tt := range tests {
		q := open(t)
		id := add(t, q, envelope("a"), "text\n")
		if err := take(t, q, id).Retry(now, now.Add(tt.wait)); err != nil {
			t.Fatal(err)
		}
		got := slices.Contains(ids(t, q, now.Add(tt.at)), id)
		if got != tt.want {
			t.Errorf("%s: due %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestNextDue(t *testing.T) {
	q := open(t)
	now := time.Now()
	if at, ok := q.NextDue(now); ok {
		t.Errorf("empty queue: due at %v", at)
	}
	for _, wait := range []time.Duration{3 * time.Hour, time.Hour, 2 * time.Hour} {
		if err := take(t, q, add(t, q, envelope("a"), "")).Retry(now, now.Add(wait)); err != nil {
			t.Fatal(err)
		}
	}
	at, ok := q.NextDue(now)
	if want := roundUp(now.Add(time.Hour)); !ok || !at.Equal(want) {
		t.Errorf("got %v, %v, want %v", at, ok, want)
	}
}

func TestEmptyFoldersGo(t *testing.T) {
	q := open(t)
	id := add(t, q, envelope("a"), "")
	if err := take(t, q, id).Retry(time.Now(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	e := take(t, q, id)
	if err := e.Mark(0, Status{State: Done}); err != nil {
		t.Fatal(err)
	}
	if err := e.Remove(); err != nil {
		t.Fatal(err)
	}
	ids(t, q, time.Now())
	if left, _ := os.ReadDir(filepath.Join(q.Dir(), placeWait)); len(left) != 0 {
		t.Errorf("left in wait/: %v", left)
	}
}

func TestRemoveNeedsAllDone(t *testing.T) {
	q := open(t)
	id := add(t, q, envelope("a", "b"), "")
	e := take(t, q, id)
	if err := e.Mark(0, Status{State: Done}); err != nil {
		t.Fatal(err)
	}
	if err := e.Remove(); err == nil {
		t.Error("removed an entry with a recipient that waits")
	}
	if _, err := q.Get(id); err != nil {
		t.Error(err)
	}
}

func TestFail(t *testing.T) {
	q := open(t)
	id := add(t, q, envelope("a"), "")
	if err := take(t, q, id).Fail(); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, q, time.Now().Add(time.Hour)); len(got) != 0 {
		t.Errorf("due: %q", got)
	}
	if e := take(t, q, id); e.Place != Failed {
		t.Errorf("place %s", e.Place)
	}
}

func TestSameIDTwice(t *testing.T) {
	q := open(t)
	env := envelope("a")
	env.ID = "twice"
	add(t, q, env, "first\n")
	d := q.Create(env)
	if err := d.Commit(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Commit: %v, want ErrExist", err)
	}
	if got, _ := io.ReadAll(take(t, q, "twice").Message()); string(got) != "first\n" {
		t.Errorf("text %q", got)
	}
}

func TestOpenMakesFolders(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "no", "such")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing parent: %v", err)
	}
	q := open(t)
	fi, err := os.Stat(filepath.Join(q.Dir(), "new", "0"))
	if err != nil || fi.Mode().Perm() != 0o700 {
		t.Errorf("new/0: %v, %v", fi, err)
	}
}

func TestAll(t *testing.T) {
	q := open(t)
	now := time.Now()
	want := map[string]Place{add(t, q, envelope("a"), ""): New}
	id := add(t, q, envelope("b"), "")
	want[id] = Wait
	take(t, q, id).Retry(now, now.Add(time.Hour))
	id = add(t, q, envelope("c"), "")
	want[id] = Failed
	take(t, q, id).Fail()
	id = add(t, q, envelope("d"), "")
	want[id] = Held
	take(t, q, id).Hold()
	want["broken"] = Damaged
	if err := os.WriteFile(filepath.Join(q.Dir(), "damaged/broken"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	got := map[string]Place{}
	for ref, err := range q.All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		got[ref.ID] = ref.Place
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for enough := range len(want) { // who has enough is given no more
		n := 0
		for range q.All(context.Background()) {
			if n++; n > enough {
				break
			}
		}
	}
}
