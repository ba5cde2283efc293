package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"postern/lib/queue"
)

// smallBench is a bench whose queue has 256 KiB.
func smallBench(t *testing.T) (b *bench, dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		if os.Getenv("POSTERN_REAL") == "1" {
			t.Fatalf("mount: %v", err)
		}
		t.Skipf("a small file system cannot be mounted: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	q, err := queue.Open(filepath.Join(dir, "queue"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	b = newBench(t)
	b.runner.queue = q
	return b, dir
}

// On a full disk mail is delivered, which makes room; a report that cannot be
// written is said clearly, and made when there is room again.
func TestDiskFull(t *testing.T) {
	b, dir := smallBench(t)
	failed := b.addWith(t, anyone, "", "no")
	delivered := b.addWith(t, anyone, "", "ok")
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	ctx, r := context.Background(), b.another()
	if err := r.pass(ctx, r.matching(ctx, []string{failed})); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want ENOSPC", err)
	}
	if got := b.where(t, failed); got != "wait fail/1" {
		t.Errorf("without room for a report: %s", got)
	}
	if text := b.log.String(); !strings.Contains(text, failed) || !strings.Contains(text, "no space left on device") {
		t.Errorf("the log has %q", text)
	}
	b.do(t, &config{queries: []string{delivered}})
	if got := b.where(t, delivered); got != "gone" {
		t.Errorf("delivered, and %s", got)
	}
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	filler.Close()
	b.do(t, &config{now: true})
	if list := b.reports(t); len(list) != 1 || b.where(t, failed) != "gone" {
		t.Errorf("with room again: reports %v, %s", list, b.where(t, failed))
	}
}
