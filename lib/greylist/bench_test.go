package greylist

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// sizes are how many entries there are: a thousand, and $GREYLIST_BENCH, or so
// many that they are made in a few seconds.
func sizes() []int {
	n, err := strconv.Atoi(os.Getenv("GREYLIST_BENCH"))
	if err != nil {
		n = 50_000
	}
	return []int{1000, n}
}

// benchAddr is the i-th client: each is in a /24 of its own.
func benchAddr(i int) string { return fmt.Sprintf("%d.%d.%d.7", 11+i>>16, i>>8&255, i&255) }

// populated is a store with a number of networks and of strangers.
func populated(b *testing.B, n int) *Store {
	b.Helper()
	s := testStore(b, func(c *Config) { c.Max = 1 << 30 })
	var text strings.Builder
	for i := range n {
		text.WriteString(benchAddr(i) + " mx.example.org\n")
	}
	writeWhite(b, s, text.String())
	for i := range n {
		if _, err := s.Check(stranger(i), noon); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	return s
}

// stranger is the i-th client that is not listed.
func stranger(i int) *Query {
	return query(fmt.Sprintf("%d.%d.%d.9", 111+i>>16, i>>8&255, i&255), "bob@example.org")
}

// among runs f for the clients of a small and a large store in an order in
// which the next is nowhere near the last.
func among(b *testing.B, f func(s *Store, i int) error) {
	for _, n := range sizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := populated(b, n)
			i := 0
			for b.Loop() {
				i = (i + 7919*7919) % n
				if err := f(s, i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWhite(b *testing.B) {
	among(b, func(s *Store, i int) error {
		d, err := s.Check(query(benchAddr(i), "bob@example.org"), noon)
		if err == nil && d.State != White {
			err = fmt.Errorf("%v", d.State)
		}
		return err
	})
}

// BenchmarkWhiteOnce is White in a process of its own.
func BenchmarkWhiteOnce(b *testing.B) {
	among(b, func(s *Store, i int) error {
		one := Open(s.Config)
		_, err := one.Check(query(benchAddr(i), "bob@example.org"), noon)
		one.view.close()
		return err
	})
}

func BenchmarkEarly(b *testing.B) {
	among(b, func(s *Store, i int) error {
		_, err := s.Check(stranger(i), noon)
		return err
	})
}

func BenchmarkNew(b *testing.B) {
	next := 0
	among(b, func(s *Store, _ int) error {
		next++
		_, err := s.Check(query(fmt.Sprintf("%d.%d.%d.9", 200+next>>16, next>>8&255, next&255), "bob@example.org"), noon)
		return err
	})
}
