package state

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSlot(t *testing.T) {
	s := Open(t.TempDir())
	ctx := context.Background()
	const n = 5
	var held []*Slot
	for range n {
		slot, err := s.Slot(ctx, "k", n)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, slot)
	}
	if _, err := s.Slot(ctx, "k", n); !errors.Is(err, ErrFull) {
		t.Errorf("one more = %v, want %v", err, ErrFull)
	}
	if slot, err := s.Slot(ctx, "other", 1); err != nil {
		t.Errorf("another key: %v", err)
	} else {
		slot.Release()
	}
	held[3].Release()
	held[3].Release()
	slot, err := s.Slot(ctx, "k", n)
	if err != nil {
		t.Errorf("after Release: %v", err)
	}
	if _, err := s.Slot(ctx, "k", n); !errors.Is(err, ErrFull) {
		t.Errorf("one more = %v, want %v", err, ErrFull)
	}
	slot.Release()
}

func TestSlotCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(t.TempDir()).Slot(ctx, "k", 3); !errors.Is(err, context.Canceled) {
		t.Errorf("Slot = %v, want %v", err, context.Canceled)
	}
}

func TestSlotOrder(t *testing.T) {
	for n := range 20 {
		var got []int
		for i := range slotOrder(n) {
			got = append(got, i)
		}
		if n > 0 && got[0] != 0 {
			t.Errorf("of %d places, %d is first", n, got[0])
		}
		slices.Sort(got)
		for i := range n {
			if len(got) != n || got[i] != i {
				t.Errorf("of %d places %v are tried", n, got)
				break
			}
		}
	}
}

// A key that is used once at a time has one file.
func TestSlotFiles(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir)
	for range 20 {
		slot, err := s.Slot(context.Background(), "192.0.2.1", 10)
		if err != nil {
			t.Fatal(err)
		}
		slot.Release()
	}
	got := files(t, dir)
	if len(got) != 1 || filepath.Base(got[0]) != "192.0.2.1.0" {
		t.Errorf("files %q, want one", got)
	}
}

// The states of a lock file that a session can meet.
func TestSeize(t *testing.T) {
	s := Open(t.TempDir())
	open := func() file {
		f, err := s.openSlot(keyName(slotFolder, "k") + ".0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.close)
		return f
	}
	check := func(f file, want int) {
		t.Helper()
		if got, err := f.seize(); got != want || err != nil {
			t.Errorf("seize = %d, %v; want %d", got, err, want)
		}
	}
	a, b := open(), open()
	if busy, err := a.tryLock(unix.LOCK_SH); busy || err != nil {
		t.Fatal(busy, err)
	}
	check(b, swept)
	check(a, swept) // b has it shared too
	if err := unix.Flock(b.fd, unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	check(a, seized)
	check(b, taken)
	if done, err := s.reapSlot(a.name, noon, true); done || err != nil {
		t.Errorf("reapSlot of one that is held = %v, %v", done, err)
	}
	unix.Flock(a.fd, unix.LOCK_UN)
	if done, err := s.reapSlot(a.name, noon, false); !done || err != nil {
		t.Errorf("reapSlot of one that is free = %v, %v", done, err)
	}
	check(b, gone)
}

// A free place is never said to be taken because it is being swept.
func TestSlotWhileSwept(t *testing.T) {
	s := Open(t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		for ctx.Err() == nil {
			if _, err := s.Sweep(ctx, noon); err != nil && ctx.Err() == nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 2000 {
		slot, err := s.Slot(context.Background(), "k", 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Slot(context.Background(), "k", 1); !errors.Is(err, ErrFull) {
			t.Fatalf("a second one = %v, want %v", err, ErrFull)
		}
		slot.Release()
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
