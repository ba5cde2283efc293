package smtp

import "testing"

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
		{"*.example.org", "org", false},
		{"*.example.org", ".example.org", true},
		{"*.", "", true},
		{"*", "example.org", false},
	} {
		if got := MatchDomain(tt.pattern, tt.domain); got != tt.want {
			t.Errorf("MatchDomain(%q, %q) = %v, want %v", tt.pattern, tt.domain, got, tt.want)
		}
	}
	if !MatchDomains([]string{"a.example", "*.b.example"}, "mx.b.example") || MatchDomains(nil, "a.example") {
		t.Error("MatchDomains does not ask each pattern")
	}
}
