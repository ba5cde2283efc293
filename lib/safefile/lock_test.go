package safefile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func openTwice(t *testing.T) (a, b *os.File) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "lock")
	for _, f := range []**os.File{&a, &b} {
		var err error
		if *f, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { (*f).Close() })
	}
	return a, b
}

func TestTryLock(t *testing.T) {
	a, b := openTwice(t)
	if err := TryLock(a); err != nil {
		t.Fatal(err)
	}
	if err := TryLock(b); !errors.Is(err, ErrLocked) {
		t.Errorf("second TryLock = %v, want %v", err, ErrLocked)
	}
	if err := Unlock(a); err != nil {
		t.Fatal(err)
	}
	if err := TryLock(b); err != nil {
		t.Errorf("TryLock after Unlock = %v", err)
	}
}

func TestLockWaits(t *testing.T) {
	a, b := openTwice(t)
	if err := TryLock(a); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := Lock(short, b); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Lock = %v, want that its time is up", err)
	}
	time.AfterFunc(10*time.Millisecond, func() { a.Close() })
	for _, ctx := range []context.Context{context.Background(), t.Context()} { // without an end, and with one
		if err := Lock(ctx, b); err != nil {
			t.Errorf("Lock = %v", err)
		}
	}
}
