package dns

import (
	"net"
	"strings"
	"testing"
)

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
