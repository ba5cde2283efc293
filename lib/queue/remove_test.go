package queue

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What was removed is gone for everybody at once, and from the disk after Flush.
func TestRemove(t *testing.T) {
	q := open(t)
	for range 20 {
		id := add(t, q, envelope("a"), "text\n")
		e := take(t, q, id)
		if err := e.Mark(0, Status{State: Done, Tries: 1}); err != nil {
			t.Fatal(err)
		}
		if err := e.Remove(); err != nil {
			t.Fatal(err)
		}
		if ref, err := q.Find(id); err == nil {
			t.Errorf("still at %v", ref)
		}
	}
	q.Flush(context.Background())
	if left := inDone(t, q); left != 0 {
		t.Errorf("%d files left", left)
	}
}

// What a process that was killed has left is unlinked by the next one.
func TestClean(t *testing.T) {
	q := open(t)
	ctx := context.Background()
	if err := q.Clean(ctx, time.Now()); err != nil {
		t.Error(err)
	}
	if err := os.Mkdir(filepath.Join(q.Dir(), placeDone), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		name := filepath.Join(q.Dir(), placeDone, NewID(time.Now().Add(time.Duration(i))))
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Clean(ctx, time.Now()); err != nil {
		t.Error(err)
	}
	if left := inDone(t, q); left != 0 {
		t.Errorf("%d files left", left)
	}
}

func inDone(t *testing.T, q *Queue) int {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(q.Dir(), placeDone))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
