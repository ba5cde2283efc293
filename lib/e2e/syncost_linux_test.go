package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkSynFp compares the processor time of sessions, each with a message, with
// SynFp and without it. Both servers are there all the time, and take turns of some sessions each.
func BenchmarkSynFp(b *testing.B) {
	const turn = 50 // sessions
	type side struct {
		addr string
		pid  int
		used time.Duration
	}
	sides := make(map[string]*side)
	for _, name := range []string{"on", "off"} {
		in := newInstance(b, "SPF 0", "SynFp "+map[string]string{"on": "1", "off": "0"}[name])
		addr := FreePort(b)
		s := in.start(program(b, "listen"), "-w", "1:0:100", "-m", "1000", addr)
		accepts(b, addr)
		sides[name] = &side{addr: addr, pid: s.cmd.Process.Pid}
	}
	names := []string{"on", "off"}
	sessions := 0
	for b.Loop() {
		for _, name := range names {
			s := sides[name]
			before := processorTime(b, s.pid)
			for range turn {
				c := dial(b, s.addr)
				c.hello()
				c.mail("a SYN", "ann@"+hostname)
				c.quit()
				c.conn.Close()
			}
			s.used += processorTime(b, s.pid) - before
		}
		names[0], names[1] = names[1], names[0]
		sessions += turn
	}
	for name, s := range sides {
		b.ReportMetric(float64(s.used.Microseconds())/float64(sessions), "µs/session-"+name)
	}
}

// processorTime is what a process and its children have used, to the nanosecond
// (schedstat), as long as their threads live.
func processorTime(tb testing.TB, pid int) (sum time.Duration) {
	tb.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		tb.Fatal(err)
	}
	own, found := strconv.Itoa(pid), 0
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		_, behind, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(behind)
		if err != nil || len(fields) < 2 || fields[1] != own && filepath.Base(filepath.Dir(stat)) != own {
			continue
		}
		found++
		threads, _ := filepath.Glob(filepath.Dir(stat) + "/task/*/schedstat")
		for _, thread := range threads {
			text, _ := os.ReadFile(thread)
			used, _, _ := strings.Cut(string(text), " ")
			n, _ := strconv.ParseInt(used, 10, 64)
			sum += time.Duration(n)
		}
	}
	if found < 2 {
		tb.Fatalf("%d has no children", pid)
	}
	return sum
}
