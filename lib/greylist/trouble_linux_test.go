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

	"postern/lib/e2e"
)

// onDisk is a store on a disk of its own.
func onDisk(d e2e.Disk) *Store {
	c := NewConfig()
	c.Dir = string(d)
	return Open(c)
}

// TestDiskFull: who is listed passes, who is new is an error and no refusal to
// last, and what is half written goes away.
func TestDiskFull(t *testing.T) {
	disk := e2e.NewDisk(t)
	s := onDisk(disk)
	writeWhite(t, s, "203.0.113.0/24\n")
	old := query("198.51.100.7", "bob@example.org")
	if _, err := s.Check(old, noon); err != nil {
		t.Fatal(err)
	}
	text := "203.0.113.0/24\n# " + strings.Repeat("x", 4096-17-5) + "\n"
	writeWhite(t, s, text)
	empty := disk.Fill(t)
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
	if err := s.Add(mustSubject(t, "192.0.2.1")); !errors.Is(err, syscall.ENOSPC) || readWhite(t, s) != text {
		t.Errorf("Add: %v, and the whitelist has %d octets; want ENOSPC and %d", err, len(readWhite(t, s)), len(text))
	}
	empty()
	if d, err := s.Check(old, noon.Add(time.Hour)); d.State != Pass || err != nil {
		t.Errorf("with room again: %v, %v", d.State, err)
	}
}

// TestDiskFullForExpire: a list that cannot be written anew stays as it is.
func TestDiskFullForExpire(t *testing.T) {
	disk := e2e.NewDisk(t)
	s := onDisk(disk)
	writeWhite(t, s, superfluousText())
	empty := disk.Fill(t)
	if x, err := s.Expire(context.Background(), noon); x.White != 0 || !errors.Is(err, syscall.ENOSPC) || readWhite(t, s) != superfluousText() {
		t.Errorf("%+v, %v; want ENOSPC and the list as it was", x, err)
	}
	if _, err := os.Stat(s.Dir + "/" + newWhite); err == nil {
		t.Error("what could not be written is left")
	}
	if d, err := s.Look(query("203.0.113.9", "bob@example.org"), noon); d.State != White || err != nil {
		t.Errorf("a listed client: %v, %v", d.State, err)
	}
	empty()
	if x, err := s.Expire(context.Background(), noon); x.White != 1 || err != nil {
		t.Errorf("with room again: %+v, %v", x, err)
	}
}

// TestInodesUsedUp: strangers have used up the disk, and the first Expire of all
// makes room.
func TestInodesUsedUp(t *testing.T) {
	s := onDisk(e2e.NewDisk(t))
	var err error
	for i := 0; err == nil && i < 100; i++ {
		_, err = s.Check(query(fmt.Sprintf("10.0.%d.1", i), "bob@example.org"), noon)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v, want ENOSPC", err)
	}
	checkMakesRoom(t, s)
}

// TestBlocksUsedUp: the same where there are inodes, but no blocks.
func TestBlocksUsedUp(t *testing.T) {
	disk := e2e.NewDisk(t)
	s := onDisk(disk)
	if _, err := s.Check(query("10.0.0.1", "bob@example.org"), noon); err != nil {
		t.Fatal(err)
	}
	disk.Fill(t)
	checkMakesRoom(t, s)
}

func checkMakesRoom(t *testing.T, s *Store) {
	t.Helper()
	x, err := s.Expire(context.Background(), noon.Add(72*time.Hour))
	if x.Grey == 0 || x.Kept > 0 {
		t.Errorf("Expire: %+v, %v; want all strangers gone", x, err)
	}
}

func TestReadOnly(t *testing.T) {
	disk := e2e.NewDisk(t)
	s := onDisk(disk)
	writeWhite(t, s, padding()+"203.0.113.0/24\n")
	os.Remove(s.Dir + "/" + indexName)
	old := query("198.51.100.8", "bob@example.org")
	if _, err := s.Check(old, noon); err != nil {
		t.Fatal(err)
	}
	s.count.Close() // which is open for writing
	disk.ReadOnly(t)
	s = onDisk(disk)
	if d, err := s.Check(query("203.0.113.9", "bob@example.org"), noon); d.State != White || err != nil {
		t.Errorf("a listed client: %v, %v", d.State, err)
	}
	if d, err := s.Check(query("198.51.100.7", "bob@example.org"), noon); !errors.Is(err, syscall.EROFS) {
		t.Errorf("a new one: %v, %v; want EROFS", d.State, err)
	}
	for at, want := range map[time.Duration]State{time.Minute: Early, time.Hour: Pass} {
		if d, err := s.Check(old, noon.Add(at)); !errors.Is(err, syscall.EROFS) {
			t.Errorf("one that comes again after %v: %v, %v; want EROFS", at, d.State, err)
		}
		if d, err := s.Look(old, noon.Add(at)); d.State != want || err != nil {
			t.Errorf("looked at after %v: %v, %v; want %v", at, d.State, err, want)
		}
	}
	if err := s.Add(mustSubject(t, "192.0.2.1")); !errors.Is(err, syscall.EROFS) {
		t.Errorf("Add: %v, want EROFS", err)
	}
	if _, err := s.Expire(context.Background(), noon); !errors.Is(err, syscall.EROFS) {
		t.Errorf("Expire: %v, want EROFS", err)
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
		if d, err := s.Check(query("198.51.100.7", fmt.Sprintf("r%d@example.org", i)), noon.Add(time.Duration(i)*time.Second)); d.Full || err != nil {
			t.Fatalf("recipient %d: %+v, %v", i, d, err)
		}
	}
	names, err := s.list(greyFolder + "/192.0.2.25/198.51.100.7")
	if err != nil || len(names) > maxOfOne+20*crowdOdds {
		t.Errorf("%d entries of one client, %v", len(names), err)
	}
	for i := range 2000 {
		if _, err := s.Check(query(fmt.Sprintf("10.0.%d.%d", i>>8, i&255), "bob@example.org"), noon); err != nil {
			t.Fatal(err)
		}
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
