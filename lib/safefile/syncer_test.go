package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"
)

func TestSyncerShares(t *testing.T) {
	var s Syncer
	first, shared, leads := s.join("d")
	if !leads {
		t.Fatal("the first call does not lead")
	}
	if _, again, leads := s.join("d"); leads || again != shared {
		t.Error("a second call before the fsync began does not share it")
	}
	first.next = nil // it has begun
	if _, later, leads := s.join("d"); !leads || later == shared {
		t.Error("a call behind the beginning shares an fsync that may miss it")
	}
	if _, other, leads := s.join("e"); !leads || other == shared {
		t.Error("another folder shares the fsync")
	}
	dir := t.TempDir()
	busy, _, _ := s.join(dir)
	busy.next = nil // by who is busy with it
	if err := s.SyncDir(dir); err != nil || busy.next != nil {
		t.Errorf("SyncDir = %v, and the next call would share what is over: %v", err, busy.next != nil)
	}
}

func TestSyncerServesAll(t *testing.T) {
	var s Syncer
	dir := t.TempDir()
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			d := NewDraft(dir, 100)
			defer d.Discard()
			d.Syncer = &s
			fmt.Fprint(d, i)
			if err := d.Commit(0o600, filepath.Join(dir, fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			if err := s.SyncDir(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("SyncDir of no folder = %v, want that it does not exist", err)
			}
		})
	}
	group.Wait()
	if got := len(listing(t, dir)); got != 20 {
		t.Errorf("%d files, want 20", got)
	}
	if len(s.dirs) != 0 {
		t.Errorf("%d folders are remembered, want none", len(s.dirs))
	}
}
