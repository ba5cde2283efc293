package dns_test

import (
	"testing"

	"postern/lib/dns"
)

func TestMatchDomain(t *testing.T) {
	for _, tt := range []struct {
		pattern, domain string
		want            bool
	}{
		{"example.org", "example.org", true},
		{"example.org", "EXAMPLE.Org", true},
		{"example.org", "mx.example.org", false},
		{"example.org", "", false},
		{"*.example.org", "example.org", true},
		{"*.example.org", "mx.example.org", true},
		{"*.example.org", "a.b.Example.ORG", true},
		{"*.example.org", "badexample.org", false},
		{"*.example.org", "mx.example.net", false},
		{"*.example.org", "org", false},
		{"*.example.org", ".example.org", true},
		{"*.", "", true},
		{"*", "example.org", false},
		{"grün.example", "xn--grn-ioa.example", true},
		{"xn--grn-ioa.example", "GRÜN.example", true},
		{"*.grün.example", "mx.XN--GRN-ioa.example", true},
		{"*.xn--grn-ioa.example", "mx.grün.example", true},
		{"*.grün.example", "immergrün.example", false},
	} {
		if got := dns.MatchDomain(tt.pattern, tt.domain); got != tt.want {
			t.Errorf("MatchDomain(%q, %q) = %v, want %v", tt.pattern, tt.domain, got, tt.want)
		}
	}
	patterns := []string{"a.example", "*.b.example"}
	if !dns.MatchDomains(patterns, "mx.b.example") || dns.MatchDomains(patterns, "mx.a.example") || dns.MatchDomains(nil, "a.example") {
		t.Error("MatchDomains does not ask each pattern")
	}
}
