package state

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"postern/lib/e2e"
)

func TestDiskFull(t *testing.T) {
	disk := e2e.NewDisk(t)
	s := Open(string(disk))
	old := s.Rate("old", 1, 3)
	take(t, old, 1, noon, true)
	room := disk.Fill(t)
	if ok, _, err := s.Rate("new", 1, 3).Take(ctx, 1, noon); ok || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Take of a new key = %v, %v; want ENOSPC", ok, err)
	}
	if err := s.Cache("c").Put("k", []byte("v"), noon, time.Hour); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Put = %v, want ENOSPC", err)
	}
	if _, ok, err := s.Cache("c").Get("k", noon); ok || err != nil {
		t.Errorf("Get = %v, %v; want a miss", ok, err)
	}
	// What is there goes on.
	take(t, old, 2, noon, true)
	take(t, old, 1, noon, false)
	room()
	take(t, s.Rate("new", 1, 3), 3, noon, true)
	if err := s.Cache("c").Put("k", []byte("v"), noon, time.Hour); err != nil {
		t.Errorf("Put with room again: %v", err)
	}
}

// When there is no inode for its own file, the sweeper makes room nevertheless.
func TestInodesUsedUp(t *testing.T) {
	s := Open(string(e2e.NewDisk(t)))
	var err error
	n := 0
	for ; err == nil && n < 100; n++ {
		_, _, err = s.Rate(fmt.Sprint("k", n), 1, 1).Take(ctx, 1, noon)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("Take = %v, want ENOSPC", err)
	}
	if _, err := s.Slot(context.Background(), "k", 1); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Slot = %v, want ENOSPC", err)
	}
	if got, err := s.Sweep(context.Background(), noon.Add(2*time.Hour)); got != n-1 || err != nil {
		t.Errorf("Sweep = %d, %v; want %d", got, err, n-1)
	}
	slot, err := s.Slot(context.Background(), "k", 1)
	if err != nil {
		t.Fatalf("Slot after Sweep: %v", err)
	}
	slot.Release()
}

func TestReadOnly(t *testing.T) {
	disk := e2e.NewDisk(t)
	s := Open(string(disk))
	take(t, s.Rate("k", 60, 3), 2, noon, true)
	if err := s.Cache("c").Put("k", []byte("v"), noon, time.Hour); err != nil {
		t.Fatal(err)
	}
	disk.ReadOnly(t)
	if got, ok, err := s.Cache("c").Get("k", noon); !ok || err != nil || string(got) != "v" {
		t.Errorf("Get = %q, %v, %v; want the value", got, ok, err)
	}
	if ok, wait, err := s.Rate("k", 60, 3).Peek(ctx, 2, noon); ok || !about(wait, time.Minute) || err != nil {
		t.Errorf("Peek = %v, %v, %v; want a minute", ok, wait, err)
	}
	for what, err := range map[string]error{
		"Take":        second(s.Rate("k", 60, 3).Take(ctx, 1, noon)),
		"Take of new": second(s.Rate("new", 60, 3).Take(ctx, 1, noon)),
		"Put":         s.Cache("c").Put("k", nil, noon, time.Hour),
		"Slot":        slotError(s),
		"Sweep":       sweepError(s),
	} {
		if !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s = %v, want EROFS", what, err)
		}
	}
}

func second(ok bool, _ time.Duration, err error) error {
	if ok {
		return errors.New("granted")
	}
	return err
}

func slotError(s *Store) error {
	_, err := s.Slot(context.Background(), "k", 1)
	return err
}

func sweepError(s *Store) error {
	_, err := s.Sweep(context.Background(), noon.Add(100*time.Hour))
	return err
}
