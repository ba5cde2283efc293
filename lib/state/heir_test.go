package state

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"postern/lib/e2e"
)

// TestHeir: what root makes belongs to the owner of the store's folder, or of the
// one above when there is none yet: an administrator who tries a tool must not
// lock smtpd out.
func TestHeir(t *testing.T) {
	above := e2e.ForeignDir(t)
	s := Open(above + "/state")
	if err := s.Cache("c").Put("k", []byte("value"), noon, time.Hour); err != nil {
		t.Fatal(err)
	}
	take(t, s.Rate("k", 1, 1), 1, noon, true)
	slot, err := s.Slot(context.Background(), "k", 1)
	if err != nil {
		t.Fatal(err)
	}
	slot.Release()
	if _, err := Open(above+"/state").Sweep(context.Background(), noon); err != nil {
		t.Fatal(err)
	}
	if n := e2e.GivenAway(t, above); n < 10 {
		t.Errorf("%d files", n)
	}
}

// TestHeirOfOthers: nothing elsewhere is given away, whatever the owner of the
// folder has put there.
func TestHeirOfOthers(t *testing.T) {
	e2e.NeedRoot(t)
	dir := t.TempDir()
	s := Open(dir + "/state")
	name := keyName(rateFolder, "k")
	if err := os.MkdirAll(filepath.Dir(dir+"/state/"+name), 0o700); err != nil {
		t.Fatal(err)
	}
	e2e.GiveAway(t, dir+"/state")
	if err := os.WriteFile(dir+"/secret", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(dir+"/secret", dir+"/state/"+name); err != nil {
		t.Fatal(err)
	}
	f, err := s.create(name)
	if err != nil {
		t.Fatal(err)
	}
	f.close()
	info, err := os.Stat(dir + "/secret")
	if err != nil || info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Errorf("a link was given away: %v", err)
	}
	if err := os.Symlink(dir, dir+"/state/"+cacheFolder); err != nil {
		t.Fatal(err)
	}
	if err := s.Cache("c").Put("k", nil, noon, time.Hour); err == nil {
		t.Error("a link was followed")
	}
	if info, err := os.Stat(dir + "/c"); err == nil && info.Sys().(*syscall.Stat_t).Uid != 0 {
		t.Error("a folder behind a link was given away")
	}
}
