package state

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/safefile"
)

// A step takes at a time after noon.
type step struct {
	after time.Duration
	n     float64
	want  bool
	wait  time.Duration
}

func TestTake(t *testing.T) {
	const day, year = 24 * time.Hour, 365 * 24 * time.Hour
	tests := []struct {
		name         string
		perHour, max float64
		steps        []step
	}{
		{"ceiling and leak", 3600, 3, []step{
			{0, 1, true, 0}, {0, 1, true, 0}, {0, 1, true, 0}, {0, 1, false, time.Second},
			{time.Second / 2, 1, false, time.Second / 2},
			{time.Second, 1, true, 0}, {time.Second, 1, false, time.Second},
			{time.Minute, 3, true, 0}, {time.Minute, 1, false, time.Second}}},
		{"several at once", 60, 10, []step{
			{0, 8, true, 0}, {0, 3, false, time.Minute}, {0, 2, true, 0}, {0, 10, false, 10 * time.Minute}}},
		{"more than it holds", 60, 10, []step{{0, 11, false, Never}, {0, 10, true, 0}}},
		{"does not leak", 0, 2, []step{{0, 2, true, 0}, {year, 1, false, Never}}},
		{"holds nothing", 60, 0, []step{{0, 1, false, Never}, {0, 0, true, 0}}},
		{"fractions", 1, 1, []step{{0, 0.25, true, 0}, {0, 0.75, true, 0}, {0, 0.25, false, 15 * time.Minute}}},
		{"given back", 0, 2, []step{{0, 2, true, 0}, {0, -1, true, 0}, {0, 1, true, 0}, {0, -9, true, 0}, {0, 2, true, 0}, {0, 1, false, Never}}},
		{"no number", 60, 2, []step{{0, math.NaN(), false, Never}, {0, math.Inf(1), false, Never}, {0, 2, true, 0}}},
		{"clocks differ a little", 3600, 3, []step{
			{5 * time.Second, 3, true, 0}, {0, 1, false, time.Second}, {6 * time.Second, 1, true, 0}, {6 * time.Second, 1, false, time.Second}}},
		{"back a day", 60, 2, []step{
			{day, 2, true, 0}, {0, 1, false, time.Minute}, {time.Minute, 1, true, 0}, {time.Minute, 1, false, time.Minute}}},
		{"ten years ahead and back", 60, 2, []step{
			{0, 2, true, 0}, {10 * year, 2, true, 0}, {0, 1, false, time.Minute}, {time.Minute, 1, true, 0}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Open(t.TempDir()).Rate("k", tt.perHour, tt.max)
			for i, st := range tt.steps {
				now := noon.Add(st.after)
				peeked, peekedWait, err := r.Peek(ctx, st.n, now)
				if err != nil {
					t.Fatal(err)
				}
				ok, wait, err := r.Take(ctx, st.n, now)
				if err != nil {
					t.Fatal(err)
				}
				if ok != st.want || !about(wait, st.wait) {
					t.Errorf("step %d: Take = %v, %v; want %v, %v", i, ok, wait, st.want, st.wait)
				}
				if peeked != ok || !about(peekedWait, wait) {
					t.Errorf("step %d: Peek = %v, %v; Take %v, %v", i, peeked, peekedWait, ok, wait)
				}
			}
		})
	}
}

// about allows for what floating point loses.
func about(got, want time.Duration) bool {
	return got == want || want != Never && (got-want).Abs() < time.Microsecond
}

// What is refused goes in after the wait that was told, and no earlier.
func TestWaitIsTrue(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		perHour, limit := 1+rnd.Float64()*10000, 1+float64(rnd.IntN(100))
		b, now := bucket{}, noon
		for range 100 {
			n := rnd.Float64() * limit
			b = b.leak(perHour, now)
			after, ok, wait := b.add(n, limit)
			if !ok {
				early, late := b.leak(perHour, now.Add(wait*9/10)), b.leak(perHour, now.Add(wait))
				if _, ok, _ := early.add(n, limit); ok && wait > time.Second {
					t.Errorf("rate %v of %v: %v went in earlier than %v", perHour, limit, n, wait)
				}
				if _, ok, _ := late.add(n, limit); !ok {
					t.Errorf("rate %v of %v: %v does not go in after %v", perHour, limit, n, wait)
				}
			}
			b, now = parseBucket(after.append(nil)), now.Add(rand.N(time.Minute))
		}
	}
}

func TestLoweredLimit(t *testing.T) {
	s := Open(t.TempDir())
	take(t, s.Rate("k", 60, 1000), 1000, noon, true)
	if wait := take(t, s.Rate("k", 60, 5), 1, noon, false); !about(wait, time.Minute) {
		t.Errorf("wait = %v, want a minute", wait)
	}
}

// What stands in the file for a person, who may change it.
func TestBucketFile(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir)
	r := s.Rate("msgs:192.0.2.1", 60, 3)
	take(t, r, 1.5, noon, true)
	name := dir + "/" + keyName(rateFolder, "msgs:192.0.2.1")
	got, err := os.ReadFile(name)
	const want = "1.5 2026-11-21T12:00:00Z 60"
	if err != nil || string(got[:len(want)]) != want || len(got) != bucketLine {
		t.Errorf("file %q, %v; want %q", got, err, want)
	}
	tests := []struct {
		text string
		want bool // that there is room for 1
	}{
		{"", true},
		{"3 2026-11-21T12:00:00Z 60\n", false},
		{"3 2026-11-21T13:00:00+01:00 60", false},
		{"2 2026-11-21T12:00:00Z 60\nmore\n", true},
		{"3\n", true},
		{"-3 2026-11-21T12:00:00Z 60", true},
		{"NaN 2026-11-21T12:00:00Z 60", true},
		{"Inf 2026-11-21T12:00:00Z 60", true},
		{"3 yesterday 60", true},
		{"\x00\x00\x00\x00", true},
	}
	for _, tt := range tests {
		if err := os.WriteFile(name, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if ok, _, err := r.Peek(ctx, 1, noon); ok != tt.want || err != nil {
			t.Errorf("Peek with %q = %v, %v; want %v", tt.text, ok, err, tt.want)
		}
		take(t, r, 1, noon, tt.want)
	}
}

func TestTakeWaits(t *testing.T) {
	s := Open(t.TempDir())
	r := s.Rate("k", 0, 10)
	f, _, err := r.hold(ctx, noon)
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, f.close)
	take(t, r, 1, noon, true)
}

// A file that the sweeper removes between opening and locking is not used.
func TestTakeAfterRemoval(t *testing.T) {
	s := Open(t.TempDir())
	r := s.Rate("k", 1, 1)
	take(t, r, 1, noon, true)
	f, err := r.open(noon)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if done, err := s.reapRate(r.name, noon.Add(48*time.Hour), false); !done || err != nil {
		t.Fatalf("reapRate = %v, %v", done, err)
	}
	if _, lost, err := f.holdBucket(ctx); !lost || err != nil {
		t.Errorf("holdBucket = %v, %v; want that it is lost", lost, err)
	}
	if done, err := s.reapRate(r.name, noon, false); done || err != nil {
		t.Errorf("reapRate of no file = %v, %v", done, err)
	}
}

func FuzzBucket(f *testing.F) {
	f.Add([]byte("1.5 2026-11-21T12:00:00Z 60\n"))
	f.Add(bucket{level: 1e15, at: noon.Add(1), perHour: 1e-7}.append(nil))
	f.Add([]byte("1e400 2026-11-21T12:00:00Z 0x1p4"))
	f.Add([]byte("1 0000-01-01T00:00:00+23:59 1"))
	f.Add([]byte("\x00\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		b := parseBucket(text)
		line := b.append(nil)
		if len(line) != bucketLine || line[bucketLine-1] != '\n' {
			t.Fatalf("%q makes the line %q", text, line)
		}
		again := parseBucket(line)
		if !near(again.level, b.level) || !near(again.perHour, b.perHour) ||
			!again.at.Equal(b.at) && b.at.Year() > 0 {
			t.Fatalf("%+v became %+v by %q", b, again, line)
		}
		after, ok, wait := b.leak(60, noon).add(1, 10)
		if !(after.level >= 0 && after.level <= 10+tiny) || wait < 0 || ok != (wait == 0) {
			t.Fatalf("%+v: %+v, %v, %v", b, after, ok, wait)
		}
	})
}

// near allows for the digits that are written.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-14*b }

func TestLockLimit(t *testing.T) {
	r := Open(t.TempDir()).Rate("k", 0, 10)
	holder, _, err := r.hold(ctx, noon)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.close()
	f, err := r.open(noon)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	err = f.lock(ctx, unix.LOCK_SH, 20*time.Millisecond)
	if !errors.Is(err, safefile.ErrLocked) || !strings.Contains(err.Error(), "locked for 20ms") {
		t.Errorf("lock = %v, want %v and for how long", err, safefile.ErrLocked)
	}
}

// Who waits for a bucket that another holds does so until its context ends.
func TestContextEndsTheWait(t *testing.T) {
	r := Open(t.TempDir()).Rate("k", 0, 10)
	holder, _, err := r.hold(ctx, noon)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.close()
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := r.Take(over, 1, noon); !errors.Is(err, context.Canceled) {
		t.Errorf("Take = %v, want %v", err, context.Canceled)
	}
	if _, _, err := r.Peek(over, 1, noon); !errors.Is(err, context.Canceled) {
		t.Errorf("Peek = %v, want %v", err, context.Canceled)
	}
}
