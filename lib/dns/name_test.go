package dns

import (
	"net/netip"
	"strings"
	"testing"

	mdns "github.com/miekg/dns"
)

func TestValidName(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	tests := map[string]bool{
		"mx.example":                     true,
		"localhost":                      true,
		"MX-1.Example":                   true,
		"_spf.example":                   true,
		"3com.example":                   true,
		"0-9.A_Z.az.09.a0":               true,
		"a/b.example":                    false,
		"a.example.09":                   false,
		"xn--bcher-kva":                  true,
		label63 + ".de":                  true,
		label63 + "a.de":                 false,
		strings.Repeat("a.", 126) + "a":  true,  // 253
		strings.Repeat("a.", 126) + "aa": false, // 254
		"":                               false,
		".":                              false,
		"mx.example.":                    false,
		".example":                       false,
		"a..b":                           false,
		"-a.example":                     false,
		"a-.example":                     false,
		"a b":                            false,
		"a\x00b":                         false,
		"a(b).example":                   false,
		"bücher.example":                 false,
		"192.0.2.1":                      false,
		"example.1":                      false,
		"[192.0.2.1]":                    false,
		"2001:db8::1":                    false,
		"a\r\nb.example":                 false,
		"a@b.example":                    false,
		"{\x7f}.example":                 false,
		"a[b].example":                   false,
		"a\x10b.example":                 false,
		"\x1a\x19.exampl":                false,
	}
	for name, want := range tests {
		if got := ValidName(name); got != want {
			t.Errorf("ValidName(%q) = %v, want %v", name, got, want)
		}
	}
}

func TestReverse(t *testing.T) {
	tests := []struct{ addr, want, name string }{
		{"192.0.2.1", "1.2.0.192", "1.2.0.192.in-addr.arpa"},
		{"::ffff:192.0.2.1", "1.2.0.192", "1.2.0.192.in-addr.arpa"},
		{"2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2",
			"b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"}, // RFC 3596 2.5
	}
	for _, tt := range tests {
		addr := netip.MustParseAddr(tt.addr)
		if got := Reverse(addr); got != tt.want {
			t.Errorf("Reverse(%s) = %s, want %s", addr, got, tt.want)
		}
		if got := ReverseName(addr); got != tt.name {
			t.Errorf("ReverseName(%s) = %s, want %s", addr, got, tt.name)
		}
	}
}

func TestQuestion(t *testing.T) {
	tests := []struct{ in, want string }{
		{"MX.Example.", "mx.example"},
		{"a b@c.example", `a\ b\@c.example`},
		{`a\b`, `a\\b`},
		{"bücher.example", "xn--bcher-kva.example"},
		{"b\xfccher.example", ""},
		{"", ""},
		{".", ""},
		{strings.Repeat("é", 60) + ".example", ""},
		{strings.Repeat("a.", 130), ""},
	}
	for _, tt := range tests {
		if got, ok := question(tt.in); got != tt.want || ok != (tt.want != "") {
			t.Errorf("question(%q) = %q, %v; want %q", tt.in, got, ok, tt.want)
		}
	}
}

// TestNormal is names of zone files as they are asked for.
func TestNormal(t *testing.T) {
	for name, want := range map[string]string{
		"a.x": "a.x", `a\ b`: `a\ b`, `a\032b`: `a\ b`, `\065\b.x`: "ab.x", `a\.b`: `a\.b`, `a\046b`: `a\.b`,
		`a\\`: `a\\`, `a\`: `a\`, `\200\127~`: `\200\127~`, `\25`: "25", `\256`: "256",
	} {
		if got := normal(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for name, want := range map[string]string{
		"mx.example": "mx.example", "a b\n\x7f\x80~!\u00fc": "a?b???~!?", strings.Repeat("X", 300): strings.Repeat("X", maxName),
	} {
		if got := printable(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func FuzzQuestion(f *testing.F) {
	for _, s := range []string{"mx.example", "a b", `\`, "bücher", "a.", "..", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		asked, ok := question(name)
		if !ok {
			return
		}
		m := new(mdns.Msg)
		if err := m.Unpack(compose(nil, key{asked, TypeA}, true, nil)); err != nil || canonical(m.Question[0].Name) != asked {
			t.Fatalf("%q passes as %q, comes back as %q, %v", name, asked, m.Question[0].Name, err)
		}
	})
}
