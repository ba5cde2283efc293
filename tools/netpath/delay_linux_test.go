package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
)

// farNetwork has twelve routers, each 20 ms behind the one before.
func farNetwork(tb testing.TB, silent ...int) *e2e.Far {
	tb.Helper()
	f := &e2e.Far{Routers: 12, Delay: 20 * time.Millisecond, Silent: silent}
	f.Start(tb)
	return f
}

// farPath is the path to a host behind it.
func farPath(f *e2e.Far) string {
	var b strings.Builder
	for i := 1; i <= f.Routers; i++ {
		addr := fmt.Sprintf("10.8.0.%d", i)
		if slices.Contains(f.Silent, i) {
			addr = "*"
		}
		fmt.Fprintf(&b, "%d %s\n", i, addr)
	}
	if !slices.Contains(f.Silent, f.Routers+1) {
		fmt.Fprintf(&b, "%d %s\n", f.Routers+1, e2e.FarHost)
	}
	return b.String()
}

// BenchmarkFar compares us with traceroute(8) on paths of 12 routers with
// delays, one of them silent: the metric is its time divided by ours.
func BenchmarkFar(b *testing.B) {
	e2e.Need(b, "traceroute")
	for _, silent := range []int{5, 2, 11} {
		b.Run(fmt.Sprintf("hop %d is silent", silent), func(b *testing.B) {
			f := farNetwork(b, silent)
			for b.Loop() {
				compare(b, f)
			}
		})
	}
}

// compare measures one path with both, one after the other.
func compare(b *testing.B, f *e2e.Far) {
	b.Helper()
	began := time.Now()
	got := output(b, "", f.Command(self(b), "--fresh", e2e.FarHost))
	ours := time.Since(began)
	began = time.Now()
	theirs := pathOf(output(b, "", f.Command("traceroute", "-n", e2e.FarHost)))
	ratio := float64(time.Since(began)) / float64(ours)
	if want := farPath(f); got != want || theirs != want {
		b.Fatalf("got\n%straceroute:\n%swant\n%s", got, theirs, want)
	}
	b.ReportMetric(ratio, "traceroute/ours")
	b.ReportMetric(float64(ours.Milliseconds()), "ms-ours")
}

// TestFar: far away too the path is the right one, in one go and for many
// clients at once, which all are behind the same routers: few probes are sent
// to those.
func TestFar(t *testing.T) {
	f := farNetwork(t, 5)
	if got, want := output(t, "", f.Command(self(t), "--fresh", e2e.FarHost)), farPath(f); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	before := f.Probes.Load()
	const many = 300
	var in strings.Builder
	for i := range many {
		fmt.Fprintf(&in, "10.8.%d.%d\n", 1+i/100, i%100+1)
	}
	out := output(t, in.String(), f.Command(self(t), "--fresh"))
	i := 0
	for line := range strings.Lines(out) {
		want := fmt.Sprintf("client_address=10.8.%d.%d network_hops=13 network_path=\"10.8.0.1 10.8.0.2 10.8.0.3 10.8.0.4 * 10.8.0.6 ", 1+i/100, i%100+1)
		if i++; !strings.HasPrefix(line, want) {
			t.Errorf("line %d is %s", i, line)
		}
	}
	if i != many {
		t.Errorf("%d lines of %d", i, many)
	}
	if n := f.Probes.Load() - before; n > many*12 {
		t.Errorf("%d probes for %d paths", n, many)
	}
}
