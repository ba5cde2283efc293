package state

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// keep puts things into a store of which some die in an hour, some in a day.
func keep(t *testing.T, s *Store, n int) {
	t.Helper()
	for i := range n {
		key := fmt.Sprint("k", i)
		take(t, s.Rate("hour:"+key, 1, 10), 1, noon, true)
		take(t, s.Rate("day:"+key, 1, 24), 24, noon, true)
		for name, ttl := range map[string]time.Duration{"hour": time.Hour, "day": 24 * time.Hour} {
			if err := s.Cache(name).Put(key, nil, noon, ttl); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir)
	ctx := context.Background()
	held, err := s.Slot(ctx, "held", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	free, err := s.Slot(ctx, "free", 1)
	if err != nil {
		t.Fatal(err)
	}
	free.Release()
	const n = 20
	keep(t, s, n)
	damaged := dir + "/" + keyName("cache/hour", "damaged")
	os.MkdirAll(filepath.Dir(damaged), 0o700)
	os.WriteFile(damaged, []byte("?"), 0o600)
	for _, tt := range []struct {
		after   time.Duration
		removed int
	}{
		{time.Minute, 2}, // the slot and what is damaged
		{2 * time.Hour, 2 * n},
		{2 * time.Hour, 0},
		{25 * time.Hour, 2 * n},
	} {
		got, err := s.Sweep(ctx, noon.Add(tt.after))
		if got != tt.removed || err != nil {
			t.Errorf("after %v Sweep = %d, %v; want %d", tt.after, got, err, tt.removed)
		}
	}
	if got := files(t, dir); len(got) != 2 || !strings.HasSuffix(got[0], "held.0") || got[1] != sweepName {
		t.Errorf("files %q, want the slot that is held and the sweeper's", got)
	}
}

// A clock that was ahead, or is, leaves nothing that stays for ever and drops
// nothing that is not put again by its use.
func TestSweepClock(t *testing.T) {
	const year = 365 * 24 * time.Hour
	s := Open(t.TempDir())
	r := s.Rate("k", 1, 2)
	ctx := context.Background()
	take(t, r, 2, noon.Add(10*year), true)
	if n, err := s.Sweep(ctx, noon); n != 0 || err != nil {
		t.Errorf("back: Sweep = %d, %v; want 0", n, err)
	}
	take(t, r, 1, noon, false)
	if n, err := s.Sweep(ctx, noon.Add(time.Hour)); n != 0 || err != nil {
		t.Errorf("an hour later: Sweep = %d, %v; want 0", n, err)
	}
	if n, err := s.Sweep(ctx, noon.Add(2*time.Hour)); n != 1 || err != nil {
		t.Errorf("two hours later: Sweep = %d, %v; want 1", n, err)
	}
	if err := s.Cache("c").Put("k", nil, noon.Add(10*year), time.Hour); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Sweep(ctx, noon); n != 1 || err != nil {
		t.Errorf("what was put in ten years: Sweep = %d, %v; want 1", n, err)
	}
}

// A sweep that is stopped again and again comes round nevertheless.
func TestSweepResumes(t *testing.T) {
	dir := t.TempDir()
	keep(t, Open(dir), 50)
	var seen []string
	for range 1000 {
		s := Open(dir)
		ctx, cancel := context.WithCancel(context.Background())
		m, busy, err := s.openMark()
		if busy || err != nil {
			t.Fatal(busy, err)
		}
		all, err := s.shards()
		if err != nil {
			t.Fatal(err)
		}
		next := from(all, m.last())[0].name
		if slices.Contains(seen, next) {
			if len(seen) != len(all) {
				t.Errorf("%d of %d shards were swept before the first again", len(seen), len(all))
			}
			cancel()
			return
		}
		seen = append(seen, next)
		if _, err := s.sweepShard(ctx, from(all, m.last())[0], noon); err != nil {
			t.Fatal(err)
		}
		m.set(next)
		m.close()
		cancel()
		if n, err := s.Sweep(ctx, noon); n != 0 || err != context.Canceled {
			t.Errorf("Sweep = %d, %v; want %v", n, err, context.Canceled)
		}
	}
	t.Error("no shard was swept twice")
}

func TestSweepOnce(t *testing.T) {
	s := Open(t.TempDir())
	keep(t, s, 1)
	m, _, err := s.openMark()
	if err != nil {
		t.Fatal(err)
	}
	later := noon.Add(100 * time.Hour)
	if n, err := s.Sweep(context.Background(), later); n != 0 || err != nil {
		t.Errorf("beside another sweeper: Sweep = %d, %v; want nothing", n, err)
	}
	m.close()
	if n, err := s.Sweep(context.Background(), later); n != 4 || err != nil {
		t.Errorf("Sweep = %d, %v; want 4", n, err)
	}
}

// What cannot be removed is said, and does not keep the sweeper from the rest.
func TestSweepGoesOn(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir)
	keep(t, s, 10)
	odd := dir + "/" + filepath.Dir(keyName("cache/hour", "k0")) + "/folder"
	if err := os.Mkdir(odd, 0o700); err != nil {
		t.Fatal(err)
	}
	n, err := s.Sweep(context.Background(), noon.Add(100*time.Hour))
	if n != 40 || err == nil || !strings.Contains(err.Error(), odd) {
		t.Errorf("Sweep = %d, %v; want 40 and an error about %s", n, err, odd)
	}
}

// Many keys do not use up the disk, alive as they are.
func TestCrowd(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir)
	s.crowd, s.odds = 8, 1
	for i := range 20 * 256 {
		take(t, s.Rate(fmt.Sprint("k", i), 1, 1000), 1000, noon, true)
	}
	if n := len(files(t, dir)); n < 6*256 || n > 9*256 {
		t.Errorf("%d files, want about %d", n, 8*256)
	}
}

// The dead make room for the living.
func TestRelieve(t *testing.T) {
	s := Open(t.TempDir())
	s.crowd, s.odds = 16, 1
	shard := filepath.Dir(keyName(rateFolder, "k"))
	bucketIn := func(name string) Rate { return Rate{store: s, name: shard + "/" + name, perHour: 1, max: 100} }
	for i := range 16 {
		take(t, bucketIn(fmt.Sprint("live", i)), 100, noon, true)
		if i == 8 {
			take(t, bucketIn("dead"), 1, noon, true)
		}
	}
	take(t, bucketIn("new"), 1, noon.Add(2*time.Hour), true)
	names, err := s.list(shard)
	if err != nil || slices.Contains(names, "dead") || !slices.Contains(names, "new") || len(names) != 15 {
		t.Errorf("left %q, %v; want 14 of the living and the new one", names, err)
	}
}

// The sweeper waits for nobody who holds a file, and takes nothing from him.
func TestSweepPassesByTheHeld(t *testing.T) {
	s := Open(t.TempDir())
	r := s.Rate("k", 1, 1)
	take(t, r, 1, noon, true)
	f, _, err := r.hold(ctx, noon)
	if err != nil {
		t.Fatal(err)
	}
	slot, err := s.Slot(context.Background(), "k", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer slot.Release()
	later := noon.Add(100 * time.Hour)
	if n, err := s.Sweep(context.Background(), later); n != 0 || err != nil {
		t.Errorf("Sweep = %d, %v; want nothing removed", n, err)
	}
	f.close()
	if n, err := s.Sweep(context.Background(), later); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v; want the bucket", n, err)
	}
}
