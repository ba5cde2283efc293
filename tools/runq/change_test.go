package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"postern/lib/queue"
)

// change makes a change, and answers what it says.
func (b *bench) change(t *testing.T, ch *change, queries ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := b.another().apply(context.Background(), ch, queries, &out); err != nil {
		t.Error(err)
	}
	return out.String()
}

// What is held is not tried, whatever is asked for, until it is let go.
func TestHold(t *testing.T) {
	b := newOutBench(t)
	id, other := b.send(t, "ok@a.example"), b.send(t, "ok@b.example")
	if got, want := b.change(t, &holdChange, id), id+" held\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	for _, c := range []*config{{}, {now: true}, {queries: []string{id}}, {queries: []string{"a.example"}}} {
		b.do(t, c)
	}
	if got := b.where(t, id) + ", " + b.where(t, other); got != "hold wait/0, gone" {
		t.Errorf("held: %s", got)
	}
	if got := b.change(t, &holdChange, id); got != "" {
		t.Errorf("held twice: %q", got)
	}
	if got, want := b.change(t, &releaseChange, "A.Example"), id+" released\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	b.do(t, &config{})
	if got := b.where(t, id); got != "gone" {
		t.Errorf("released: %s", got)
	}
}

// A domain in UTF-8 and its A-labels are one, in the queue and in what is asked
// for.
func TestDomainForms(t *testing.T) {
	b := newOutBench(t)
	utf8, ascii := b.send(t, "ok@grün.example"), b.send(t, "ok@xn--grn-ioa.example")
	for _, query := range []string{"GRÜN.example", "XN--grn-ioa.example", "*.grün.example"} {
		said := b.change(t, &holdChange, query)
		if !strings.Contains(said, utf8+" held\n") || !strings.Contains(said, ascii+" held\n") {
			t.Errorf("%s: said %q", query, said)
		}
		b.change(t, &releaseChange, query)
	}
	found := 0
	b.kick(t, "xn--grn-ioa.example")
	for range b.kicked(context.Background()) {
		found++
	}
	if found != 2 {
		t.Errorf("asked for: %d entries, want 2", found)
	}
}

// An entry is removed wherever it lies, a damaged one too, and others are not.
func TestRemove(t *testing.T) {
	b := newOutBench(t)
	waits, held, stays := b.send(t, "busy@sub.a.example"), b.send(t, "ok@a.example"), b.send(t, "busy@b.example")
	b.change(t, &holdChange, held)
	b.do(t, &config{})
	bad := b.send(t, "ok@c.example")
	b.spoil(t, bad)
	b.do(t, &config{})
	got := b.change(t, &removeChange, "*.a.example", bad)
	for _, id := range []string{waits, held, bad} {
		if !strings.Contains(got, id+" removed\n") || b.where(t, id) != "gone" {
			t.Errorf("%s: %s; said %q", id, b.where(t, id), got)
		}
	}
	if got := b.where(t, stays); got != "wait wait/1" {
		t.Errorf("the other: %s", got)
	}
	if got := b.change(t, &removeChange, "*"); got != stays+" removed\n" {
		t.Errorf("all: %q", got)
	}
	if left, err := os.ReadDir(filepath.Join(b.queue.Dir(), "done")); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// What is sent back is told to the sender, but of who has it already, and gone.
func TestSendBack(t *testing.T) {
	b := newOutBench(t)
	id := b.send(t, "busy@a.example", "ok@a.example")
	b.do(t, &config{})
	if got, want := b.change(t, &bounceChange, id), id+" returned\n"; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
	if got := b.where(t, id); got != "gone" {
		t.Error(got)
	}
	list := b.reports(t)
	if len(list) != 1 || !strings.Contains(list[0].text, "removed from the queue") {
		t.Fatalf("%d reports: %v", len(list), list)
	}
	if got := strings.Join(list[0].statusFields("Final-Recipient"), ","); !strings.HasSuffix(got, "busy@a.example") || strings.Contains(got, "ok@") {
		t.Errorf("the sender was told of %s", got)
	}
}

// An entry of which nobody can know whether it is meant is told of. A link to
// itself stands here for a file that cannot be opened.
func TestChangeUnreadable(t *testing.T) {
	b := newOutBench(t)
	id := b.send(t, "ok@a.example")
	names, err := filepath.Glob(filepath.Join(b.queue.Dir(), "new", "*", id))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	if err := os.Remove(names[0]); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(id, names[0]); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = b.another().apply(context.Background(), &removeChange, []string{"a.example"}, &out)
	if out.Len() > 0 || !errors.Is(err, syscall.ELOOP) || errors.Is(err, errUnknown) {
		t.Errorf("%v, said %q", err, &out)
	}
}

// An entry that is worked on cannot be changed, and that is said.
func TestChangeLocked(t *testing.T) {
	b := newOutBench(t)
	id := b.send(t, "ok@a.example")
	e, err := b.queue.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	err = b.another().apply(context.Background(), &removeChange, []string{id}, new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), queue.ErrLocked.Error()) {
		t.Errorf("got %v", err)
	}
}
