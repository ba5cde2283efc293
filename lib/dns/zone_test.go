package dns_test

import (
	"strings"
	"testing"

	"postern/lib/dns"
)

func TestZoneErrors(t *testing.T) {
	tests := []struct{ zone, want string }{
		{"a.example. IN A not-an-address\n", "z:1: bad data of a record of type A"},
		{"\n\na.example. IN A 192.0.2.1\nb.example. IN NOTYPE x\n", `z:4: "NOTYPE" is not a type`},
		{"a.example. IN TXT \"x\n", "z:1: a quotation mark is not closed"},
		{"a.example. IN TXT ( x\n", "z:1: a parenthesis is not closed"},
		{"a.example. IN TXT x )\n", "z:1: a parenthesis closes nothing"},
		{" IN TXT x\n", "z:1: no name stands before this line"},
		{"a..example. IN TXT x\n", `z:1: "a..example." is not a name`},
		{"a.example. IN MX 65536 b.\n", "z:1: bad data of a record of type MX"},
		{"a.example. 60 IN\n", "z:1: a record without a type"},
		{"$TTL x\n", "z:1: $TTL is not understood here"},
		{"$GENERATE 1-2 a$ A 192.0.2.$\n", "z:1: $GENERATE is not understood here"},
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
