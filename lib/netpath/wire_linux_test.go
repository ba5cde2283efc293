package netpath

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/e2e"
)

// lockedBuffer is what a program that goes on running has said.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not seen: %s", what)
		}
	}
}

// TestOnTheWire: tcpdump sees as many probes as are told of, all of one flow, and
// finds the checksums right that we make.
func TestOnTheWire(t *testing.T) {
	e2e.Need(t, "tcpdump")
	c := e2e.NewChain(t, 2)
	settle(t, c)
	for _, tt := range []struct {
		m      Method
		filter string
		flow   *regexp.Regexp // what all probes have in common
	}{
		{UDP, "udp dst port 33434", regexp.MustCompile(`(\S+ > \S+): .*UDP, length \d+`)},
		{TCP, "tcp dst port 25 and tcp[tcpflags] == tcp-syn", regexp.MustCompile(`(\S+ > \S+): Flags \[S\], cksum \w+ \(correct\)`)},
		{ICMP, "icmp[icmptype] == icmp-echo", regexp.MustCompile(`(\S+ > \S+): ICMP echo request, id \d+`)},
	} {
		t.Run(tt.m.String(), func(t *testing.T) {
			dump := c.Command(0, "tcpdump", "-nn", "-vv", "-l", "--immediate-mode", "-i", "out", tt.filter)
			var seen lockedBuffer
			dump.Stdout, dump.Stderr = &seen, &seen
			if err := dump.Start(); err != nil {
				t.Fatal(err)
			}
			defer dump.Wait()
			defer dump.Process.Signal(os.Interrupt)
			await(t, "tcpdump listens", func() bool { return strings.Contains(seen.String(), "listening on") })
			p := traced(t, tracing(t, at0(c), "", tt.m.String(), "0", c.Addr(4, 3)))[0]
			flows := func() (n int, same bool) {
				list := tt.flow.FindAllStringSubmatch(seen.String(), -1)
				same = true
				for _, m := range list {
					same = same && m[1] == list[0][1]
				}
				return len(list), same
			}
			await(t, "all probes are seen", func() bool { n, _ := flows(); return n >= p.Probes })
			if n, same := flows(); n != p.Probes || !same || strings.Contains(seen.String(), "wrong") {
				t.Errorf("%d probes, want %d:\n%s", n, p.Probes, seen.String())
			}
		})
	}
}
