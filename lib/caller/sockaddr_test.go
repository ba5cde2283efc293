package caller

import (
	"net"
	"net/netip"
	"strings"
	"testing"
)

func TestSockaddr(t *testing.T) {
	for _, text := range []string{"192.0.2.1:25", "[2001:db8::1]:465"} {
		want := netip.MustParseAddrPort(text)
		sa, _, err := Sockaddr(want)
		if got := AddrPort(sa); got != want || err != nil {
			t.Errorf("%s became %s, %v", want, got, err)
		}
	}
}

func TestZoneIndex(t *testing.T) {
	all, err := net.Interfaces()
	if err != nil || len(all) == 0 {
		t.Skip("no interfaces")
	}
	for zone, want := range map[string]uint32{"": 0, "7": 7, all[0].Name: uint32(all[0].Index)} {
		if got, err := zoneIndex(zone); got != want || err != nil {
			t.Errorf("%q: %d, %v; want %d", zone, got, err, want)
		}
	}
	for _, zone := range []string{"no-such-one", strings.Repeat("x", 100)} {
		if _, err := zoneIndex(zone); err == nil {
			t.Errorf("%q: no error", zone)
		}
	}
}
