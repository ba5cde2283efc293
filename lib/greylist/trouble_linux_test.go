package greylist

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a file system with few inodes for a store, which is that of
// the calling test.
func smallDisk(t *testing.T) *Store {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m,nr_inodes=64"); err != nil {
		if os.Getenv("POSTERN_REAL") == "1" {
			t.Fatalf("cannot mount a tmpfs: %v", err)
		}
		t.Skipf("cannot mount a tmpfs (needs root): %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	c := NewConfig()
	c.Dir = dir
	return Open(c)
}

// TestDiskFull: who is listed passes, who is new is an error and no refusal to
// last, and what is half written goes away.
func TestDiskFull(t *testing.T) {
	s := smallDisk(t)
	writeWhite(t, s, "203.0.113.0/24\n")
	old := query("198.51.100.7", "bob@example.org")
	if _, err := s.Check(old, noon); err != nil {
		t.Fatal(err)
	}
	text := "203.0.113.0/24\n# " + strings.Repeat("x", 4096-17-5) + "\n"
	writeWhite(t, s, text)
	if err := os.WriteFile(s.Dir+"/filler", make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	d, err := s.Check(old, noon.Add(time.Hour))
	if d.State != Pass || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a client that came again: %v, %v; want Pass and ENOSPC", d.State, err)
	}
	if got := readWhite(t, s); got != text {
		t.Errorf("the whitelist has %d octets, want %d", len(got), len(text))
	}
	if d, err := s.Check(query("203.0.113.9", "bob@example.org"), noon); d.State != White || err != nil {
		t.Errorf("a listed client: %v, %v", d.State, err)
	}
	os.Remove(s.Dir + "/filler")
	if d, err := s.Check(old, noon.Add(time.Hour)); d.State != Pass || err != nil {
		t.Errorf("with room again: %v, %v", d.State, err)
	}
}

func TestInodesUsedUp(t *testing.T) {
	s := smallDisk(t)
	var err error
	for i := 0; err == nil && i < 100; i++ {
		_, err = s.Check(query(fmt.Sprintf("10.0.%d.1", i), "bob@example.org"), noon)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v, want ENOSPC", err)
	}
}

func TestReadOnly(t *testing.T) {
	s := smallDisk(t)
	writeWhite(t, s, padding()+"203.0.113.0/24\n")
	os.Remove(s.Dir + "/" + indexName)
	if err := unix.Mount("", s.Dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if d, err := s.Check(query("203.0.113.9", "bob@example.org"), noon); d.State != White || err != nil {
		t.Errorf("a listed client: %v, %v", d.State, err)
	}
	if d, err := s.Check(query("198.51.100.7", "bob@example.org"), noon); !errors.Is(err, syscall.EROFS) {
		t.Errorf("a new one: %v, %v; want EROFS", d.State, err)
	}
}

// TestBounds: a client cannot use up the disk, and all of them cannot either.
func TestBounds(t *testing.T) {
	s := testStore(t, func(c *Config) { c.Max = 2000 })
	s.Check(query("203.0.113.1", "bob@example.org"), noon)
	if _, err := s.Expire(context.Background(), noon); err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		if _, err := s.Check(query("198.51.100.7", fmt.Sprintf("r%d@example.org", i)), noon.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	names, err := s.list(greyFolder + "/192.0.2.25/198.51.100.7")
	if err != nil || len(names) > maxOfOne+20*crowdOdds {
		t.Errorf("%d entries of one client, %v", len(names), err)
	}
	d, err := s.Check(query("198.51.100.8", "bob@example.org"), noon)
	if !d.Full || d.State != New || err != nil {
		t.Errorf("beyond the limit: %+v, %v", d, err)
	}
	if _, err := os.Stat(s.Dir + "/tmp/192.0.2.25/198.51.100.8"); err == nil {
		t.Error("an entry was made beyond the limit")
	}
	if d, err := s.Check(query("203.0.113.1", "bob@example.org"), noon.Add(time.Hour)); d.State != Pass || err != nil {
		t.Errorf("who has an entry: %+v, %v; want Pass", d, err)
	}
	if _, err := s.Check(query("198.51.100.8", "bob@example.org"), noon.Add(72*time.Hour)); !errors.Is(err, ErrUnswept) {
		t.Errorf("when nobody sweeps: %v, want %v", err, ErrUnswept)
	}
}

// TestUnusable: the error says which file.
func TestUnusable(t *testing.T) {
	for _, name := range []string{whiteName, greyFolder} {
		s := testStore(t)
		if err := os.MkdirAll(s.Dir, 0o755); err != nil {
			t.Fatal(err)
		}
		os.Symlink("/etc/passwd", s.Dir+"/"+name)
		_, err := s.Check(query("198.51.100.7", "bob@example.org"), noon)
		if err == nil || !strings.Contains(err.Error(), s.Dir+"/"+name) {
			t.Errorf("%s is a link: %v", name, err)
		}
	}
}
