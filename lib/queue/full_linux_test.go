package queue

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/lib/e2e"
)

// On a full disk nothing is accepted, what is there can still be worked on,
// and all is well when there is room again.
func TestDiskFull(t *testing.T) {
	disk := e2e.NewDisk(t)
	q, err := Open(string(disk))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	id := add(t, q, envelope("a"), "small\n")
	empty := disk.Fill(t)
	if err := try(q); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Commit on a full disk: %v, want ENOSPC", err)
	}
	if got := ids(t, q, time.Now()); len(got) != 1 {
		t.Errorf("entries %q", got)
	}
	e := take(t, q, id)
	if err := e.Mark(0, Status{Tries: 1, Reply: "452 4.3.1 full"}); err != nil {
		t.Errorf("Mark on a full disk: %v", err)
	}
	e.Close()
	empty()
	if err := try(q); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// try accepts a message of some size.
func try(q *Queue) error {
	d := q.Create(envelope("a"))
	if _, err := io.WriteString(d, strings.Repeat("x\n", 10000)); err != nil {
		d.Discard()
		return err
	}
	return d.Commit()
}
