package netpath

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"postern/lib/e2e"
)

// TestZone: a neighbour is found by its link-local address, which needs the
// interface's name or number (RFC 4007 11).
func TestZone(t *testing.T) {
	c := e2e.NewChain(t, 1)
	settle(t, c)
	words := strings.Fields(c.In(1, "ip", "-6", "-o", "addr", "show", "dev", "in", "scope", "link"))
	prefix, err := netip.ParsePrefix(words[3])
	if err != nil {
		t.Fatal(err)
	}
	index := strings.Fields(strings.TrimSpace(c.In(0, "cat", "/sys/class/net/out/ifindex")))[0]
	for _, zone := range []string{"out", index} {
		host := prefix.Addr().WithZone(zone).String()
		for _, m := range []string{"udp", "icmp", "tcp"} {
			p := traced(t, tracing(t, at0(c), "", m, "0", host))[0]
			if p.End != Reached || len(p.Hops) != 1 || p.Dest.String() != host {
				t.Errorf("%s: %v", m, p.String())
			}
		}
	}
}

// TestNoZone: there is no path by an interface that is not there.
func TestNoZone(t *testing.T) {
	_, err := new(Tracer).Trace(t.Context(), netip.MustParseAddr("fe80::1%none"), 0)
	if !errors.Is(err, ErrAddress) {
		t.Errorf("got %v", err)
	}
}
