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

func TestFoldAddress(t *testing.T) {
	for address, want := range map[string]string{
		"Ann@B\u00fccher.Example.":  "ann@xn--bcher-kva.example",
		"\"a@B\"@Example.org":       "\"a@b\"@example.org",
		"@Example.org":              "@example.org",
		"Ann@":                      "ann@",
		"B\u00dcCHER.example":       "xn--bcher-kva.example",
		"":                          "",
		"J\u00dcRGEN@example.org":   "j\u00fcrgen@example.org",
		"ann@xn--Bcher-KVA.example": "ann@xn--bcher-kva.example",
	} {
		if got := dns.FoldAddress(address); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}
