package dns_test

import (
	"strings"
	"testing"

	"postern/lib/dns"
)

func TestZoneErrors(t *testing.T) {
	tests := []struct{ zone, want string }{
		{"a.example. IN A not-an-address\n", "bad A A"},
		{"$INCLUDE /etc/passwd\n", "INCLUDE"},
		{"\n;! explode x.example\n", "z:2: want ;! servfail|bogus|secure|nxdomain|nodata name [type [reason]]"},
		{";! nodata x.example\n", "z:1: want ;!"},
		{";! servfail x.example YES\n", "z:1: want ;!"},
		{";! servfail\n", "z:1: want ;! servfail|bogus|secure|nxdomain|nodata name [type [reason]]"},
	}
	for _, tt := range tests {
		_, err := dns.Zone(strings.NewReader(tt.zone), "z")
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q in it", tt.zone, err, tt.want)
		}
	}
}
