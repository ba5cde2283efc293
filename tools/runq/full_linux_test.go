package main

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"postern/lib/e2e"
	"postern/lib/queue"
)

// smallBench is a bench whose queue has a disk of its own.
func smallBench(t *testing.T) (*bench, e2e.Disk) {
	t.Helper()
	disk := e2e.NewDisk(t)
	q, err := queue.Open(filepath.Join(string(disk), "queue"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	b := newBench(t)
	b.runner.queue = q
	return b, disk
}

// On a full disk mail is delivered, which makes room; a report that cannot be
// written is said clearly, and made when there is room again.
func TestDiskFull(t *testing.T) {
	b, disk := smallBench(t)
	failed := b.addWith(t, anyone, "", "no")
	delivered := b.addWith(t, anyone, "", "ok")
	empty := disk.Fill(t)
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
	empty()
	b.do(t, &config{now: true})
	if list := b.reports(t); len(list) != 1 || b.where(t, failed) != "gone" {
		t.Errorf("with room again: reports %v, %s", list, b.where(t, failed))
	}
}
