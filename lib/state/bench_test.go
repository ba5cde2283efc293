package state

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// sizes are how many keys there are: a thousand, and $STATE_BENCH_KEYS, or so
// many that they are made in a few seconds.
func sizes() []int {
	n, err := strconv.Atoi(os.Getenv("STATE_BENCH_KEYS"))
	if err != nil {
		n = 50_000
	}
	return []int{1000, n}
}

// populated is a store with a number of keys of each shape.
func populated(b *testing.B, n int) *Store {
	b.Helper()
	s := Open(b.TempDir())
	for i := range n {
		key := client(i)
		_, _, err := s.Rate(key, 1, 1000).Take(ctx, 1000, noon)
		if err == nil && n <= 100_000 {
			err = s.Cache("c").Put(key, []byte("mail.example.org"), noon, time.Hour)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// client is the key of the i-th client.
func client(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255) }

// among runs a benchmark among few keys and among many. It uses all of them in
// turn, in the order that a stride of a prime number gives: with many, none is
// in the processor's caches. Or it uses ten: what then grows is the store's.
func among(b *testing.B, f func(b *testing.B, s *Store, key string)) {
	for _, n := range sizes() {
		s := populated(b, n)
		for _, used := range []int{10, n} {
			b.Run(fmt.Sprintf("keys=%d/used=%d", n, used), func(b *testing.B) {
				i := 0
				for b.Loop() {
					i = (i + 7919) % used
					f(b, s, client(i))
				}
			})
		}
	}
}

func BenchmarkTake(b *testing.B) {
	among(b, func(b *testing.B, s *Store, key string) {
		if _, _, err := s.Rate(key, 1, 1000).Take(ctx, 0, noon); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkGet(b *testing.B) {
	among(b, func(b *testing.B, s *Store, key string) {
		if _, _, err := s.Cache("c").Get(key, noon); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkPut(b *testing.B) {
	s := populated(b, 10)
	for b.Loop() {
		if err := s.Cache("c").Put("k", []byte("mail.example.org"), noon, time.Hour); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSlot(b *testing.B) {
	s := Open(b.TempDir())
	for b.Loop() {
		slot, err := s.Slot(context.Background(), "192.0.2.1", 10)
		if err != nil {
			b.Fatal(err)
		}
		slot.Release()
	}
}

// BenchmarkSlotCrowded takes the last of 60 places.
func BenchmarkSlotCrowded(b *testing.B) {
	s := Open(b.TempDir())
	for range 59 {
		if _, err := s.Slot(context.Background(), "all", 60); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		slot, err := s.Slot(context.Background(), "all", 60)
		if err != nil {
			b.Fatal(err)
		}
		slot.Release()
	}
}

// BenchmarkSweep looks at what is alive.
func BenchmarkSweep(b *testing.B) {
	s := populated(b, 10_000)
	for b.Loop() {
		if n, err := s.Sweep(context.Background(), noon); n != 0 || err != nil {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/20_000, "ns/file")
}
