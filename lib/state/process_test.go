package state

import (
	"context"
	"errors"
	"testing"
	"time"

	"postern/lib/crashtest"
)

func TestMain(m *testing.M) { crashtest.Main(m, play) }

// many is how many processes use one store at once.
const many = 200

// sweeping sweeps until the returned function is called.
func sweeping(t *testing.T, s *Store) func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		var err error
		for ctx.Err() == nil && err == nil {
			_, err = s.Sweep(ctx, time.Now())
		}
		done <- err
	}()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error("Sweep:", err)
		}
	}
}

func TestManyProcessesHoldSlots(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir)
	stop := sweeping(t, s)
	c := crashtest.Start(t, many, "hold", dir)
	got := make(map[string]int)
	for range many {
		got[<-c.Lines]++
	}
	stop()
	if got["held"] != 50 || got["full"] != many-50 {
		t.Errorf("%v, want 50 held", got)
	}
	if _, err := s.Slot(context.Background(), "k", 50); !errors.Is(err, ErrFull) {
		t.Errorf("one more = %v, want %v", err, ErrFull)
	}
	c.Kill()
	for i := range 50 {
		if _, err := s.Slot(context.Background(), "k", 50); err != nil {
			t.Fatalf("%d slots were freed by kill: %v", i, err)
		}
	}
}

func TestManyProcessesAlone(t *testing.T) {
	dir := t.TempDir() + "/store"
	stop := sweeping(t, Open(dir))
	got := crashtest.Start(t, many, "alone", dir).Tally(t)
	stop()
	if got["inside"] == 0 {
		t.Errorf("nobody was inside: %v", got)
	}
}

func TestManyProcessesTake(t *testing.T) {
	dir := t.TempDir()
	stop := sweeping(t, Open(dir))
	got := crashtest.Start(t, many, "take", dir).Tally(t)
	stop()
	if got["took"] != 500 {
		t.Errorf("%d were taken of 500", got["took"])
	}
}

func TestManyProcessesCache(t *testing.T) {
	dir := t.TempDir()
	stop := sweeping(t, Open(dir))
	got := crashtest.Start(t, many, "cache", dir).Tally(t)
	stop()
	if got["hit"] < many {
		t.Errorf("%d of %d found a value", got["hit"], 10*many)
	}
}
