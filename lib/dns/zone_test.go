package dns_test

import (
	"errors"
	"fmt"
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

// A server may deny a name to one question and have records for another. What
// was recorded of both is what it said to each.
func TestDeniedInPart(t *testing.T) {
	r, err := dns.Zone(strings.NewReader(`*.example. IN TXT "any"
part.example. IN TXT "x"
alias.example. IN CNAME part.example.
;! nxdomain part.example
;! nxdomain alias.example
;! nxdomain all.example
`), "zone")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"part.example": "[x]", "alias.example": "[x]", "all.example": "[]", "b.example": "[any]"} {
		if got, err := r.LookupTXT(ctx, name); fmt.Sprint(got) != want {
			t.Errorf("%s: %q, %v; want %s", name, got, err, want)
		}
	}
	if _, err := r.LookupMX(ctx, "part.example"); !errors.Is(err, dns.ErrNotFound) {
		t.Errorf("of what was denied: %v", err)
	}
}
