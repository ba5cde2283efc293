package dns_test

import (
	"testing"

	"postern/lib/dns"
)

func TestToASCII(t *testing.T) {
	for name, want := range map[string]string{
		"Example.ORG.":          "example.org",
		"Bücher.example":        "xn--bcher-kva.example",
		"xn--bcher-kva.example": "xn--bcher-kva.example",
		"":                      "",
		"\xff.example":          "\xff.example",
	} {
		if got := dns.ToASCII(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
