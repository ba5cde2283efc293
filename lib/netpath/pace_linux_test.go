package netpath

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/state"
)

// TestPaceHeld: whoever is stopped while he has the rate's file delays nobody
// beyond his time, and a Tracer once.
func TestPaceHeld(t *testing.T) {
	dir := t.TempDir()
	store := state.Open(dir)
	synctest.Test(t, func(t *testing.T) {
		tracer := Tracer{Store: store}
		if err := tracer.pause(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		hold(t, dir)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err := tracer.pause(ctx, 1)
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != 2*time.Second {
			t.Errorf("with two seconds: %v after %v", err, took)
		}
		if err := tracer.pause(t.Context(), 1); err != nil {
			t.Errorf("with all the time: %v", err)
		}
		began = time.Now()
		for range 3 {
			if err := tracer.pause(t.Context(), 1); err != nil || time.Since(began) > 0 {
				t.Errorf("the next: %v after %v", err, time.Since(began))
			}
		}
	})
}

// hold locks the file of the rate that Tracers share.
func hold(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(dir + "/rate/*/" + rateKey)
	if err != nil || len(names) != 1 {
		t.Fatalf("%q, %v", names, err)
	}
	f, err := os.Open(names[0])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}
