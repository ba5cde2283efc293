package queue

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// waiting makes a queue in which n entries wait for other times, spread over
// four hours, and a hundred are due.
func waiting(b *testing.B, n int, now time.Time) *Queue {
	b.Helper()
	q := open(b)
	text := append(appendHead(nil, envelope("a"), now), "text\n"...)
	for i := range n {
		due := now.Add(5*time.Minute + time.Duration(i)*4*time.Hour/time.Duration(n))
		if i < 100 {
			due = now.Add(-time.Minute)
		}
		ref := waitRef(NewID(now.Add(time.Duration(i)*time.Millisecond)), due)
		name := filepath.Join(q.Dir(), ref.path())
		if err := q.mkdirAll(ref.folder); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return q
}

// BenchmarkDue picks, locks and reads the hundred entries that are due.
func BenchmarkDue(b *testing.B) {
	now := time.Now()
	for _, n := range []int{1000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			q := waiting(b, n, now)
			for b.Loop() {
				for ref, err := range q.Due(context.Background(), now) {
					if err != nil {
						b.Fatal(err)
					}
					e, err := q.Take(ref)
					if err != nil {
						b.Fatal(err)
					}
					e.Close()
				}
			}
		})
	}
}

// BenchmarkFirst lists the first entry.
func BenchmarkFirst(b *testing.B) {
	now := time.Now()
	for _, n := range []int{1000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			q := waiting(b, n, now)
			for b.Loop() {
				for ref := range q.All(context.Background()) {
					if _, err := q.Look(ref); err != nil {
						b.Fatal(err)
					}
					break
				}
			}
		})
	}
}

// BenchmarkAdd accepts a message of 4 KiB.
func BenchmarkAdd(b *testing.B) {
	now := time.Now()
	text := make([]byte, 4096)
	for _, n := range []int{1000, 100000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			q := waiting(b, n, now)
			for b.Loop() {
				d := q.Create(envelope("a"))
				d.Write(text)
				if err := d.Commit(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
