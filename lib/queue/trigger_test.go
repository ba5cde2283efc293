package queue

import (
	"errors"
	"os"
	"testing"
)

func TestTrigger(t *testing.T) {
	q := open(t)
	add(t, q, envelope("a"), "") // nobody listens
	trigger, err := q.Listen()
	if err != nil {
		t.Fatal(err)
	}
	q.Wake("../../etc/passwd")
	q.Wake("")
	want := []string{add(t, q, envelope("a"), ""), add(t, q, envelope("b"), "")}
	if err := take(t, q, want[0]).Hold(); err != nil {
		t.Fatal(err)
	}
	if err := take(t, q, want[0]).Release(); err != nil {
		t.Fatal(err)
	}
	for _, id := range append(want, want[0]) {
		ref, err := trigger.Next()
		if err != nil || ref.ID != id {
			t.Errorf("got %q, %v, want %q", ref.ID, err, id)
		}
	}
	go trigger.Close()
	if _, err := trigger.Next(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// A FIFO that nobody empties must not keep mail from being accepted.
func TestTriggerFull(t *testing.T) {
	q := open(t)
	trigger, err := q.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer trigger.Close()
	for range 20000 {
		q.Wake("0123456789abcdef")
	}
	ref, err := trigger.Next()
	if err != nil || ref.ID != "0123456789abcdef" {
		t.Errorf("%q, %v", ref.ID, err)
	}
}
