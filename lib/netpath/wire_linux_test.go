package netpath

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
)

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not seen: %s", what)
		}
	}
}

// TestOnTheWire: tcpdump sees as many probes as are told of, all of one flow (IPv6:
// with one flow label, RFC 6437, by which routers spread load, too), and
// finds the checksums right that we make.
func TestOnTheWire(t *testing.T) {
	e2e.Need(t, "tcpdump")
	c := e2e.NewChain(t, 2)
	settle(t, c)
	for _, tt := range []struct {
		m      Method
		family int
		filter string
		flow   *regexp.Regexp // what all probes have in common
	}{
		{UDP, 4, "udp dst port 33434", regexp.MustCompile(`(\S+ > \S+): .*UDP, length \d+`)},
		{TCP, 4, "tcp dst port 25 and tcp[tcpflags] == tcp-syn", regexp.MustCompile(`(\S+ > \S+): Flags \[S\], cksum \w+ \(correct\)`)},
		{ICMP, 4, "icmp[icmptype] == icmp-echo", regexp.MustCompile(`(\S+ > \S+): ICMP echo request, id \d+`)},
		{UDP, 6, "ip6 and udp dst port 33434", regexp.MustCompile(`(flowlabel \w+).*, next-header UDP`)},
		{TCP, 6, "ip6 and tcp dst port 25", regexp.MustCompile(`(flowlabel \w+).*, next-header TCP .*\[S\], cksum \w+ \(correct\)`)},
		{ICMP, 6, "icmp6[icmp6type] == icmp6-echo", regexp.MustCompile(`(flowlabel \w+).*, next-header ICMPv6 .*\[icmp6 sum ok\] ICMP6, echo request, id \d+`)},
	} {
		t.Run(fmt.Sprintf("%v over IPv%d", tt.m, tt.family), func(t *testing.T) {
			dump := c.Command(0, "tcpdump", "-nn", "-vv", "-l", "--immediate-mode", "-i", "out", tt.filter)
			var seen e2e.Log
			dump.Stdout, dump.Stderr = &seen, &seen
			if err := dump.Start(); err != nil {
				t.Fatal(err)
			}
			defer dump.Wait()
			defer dump.Process.Signal(os.Interrupt)
			await(t, "tcpdump listens", func() bool { return strings.Contains(seen.String(), "listening on") })
			p := traced(t, tracing(t, at0(c), "", tt.m.String(), "0", c.Addr(tt.family, 3)))[0]
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
