package spf

import (
	"context"
	"net/netip"
	"strings"
	"testing"
)

func testEvaluation(t testing.TB, client, sender, helo string) *evaluation {
	t.Helper()
	c := &Checker{Resolver: zone(t, rfcZone), Now: at}
	return &evaluation{checker: c, resolver: c.Resolver, ip: netip.MustParseAddr(client), identity: identify(sender, helo)}
}

// The examples of RFC 7208 7.4, and what else 7.3 says.
func TestExpand(t *testing.T) {
	const sender = "strong-bad@email.example.com"
	long := strings.Repeat("abcdefghi.", 40)
	tests := []struct{ client, sender, text, want string }{
		{"192.0.2.3", sender, "%{s}", "strong-bad@email.example.com"},
		{"192.0.2.3", sender, "%{o}", "email.example.com"},
		{"192.0.2.3", sender, "%{d}", "email.example.com"},
		{"192.0.2.3", sender, "%{d4}", "email.example.com"},
		{"192.0.2.3", sender, "%{d3}", "email.example.com"},
		{"192.0.2.3", sender, "%{d2}", "example.com"},
		{"192.0.2.3", sender, "%{d1}", "com"},
		{"192.0.2.3", sender, "%{dr}", "com.example.email"},
		{"192.0.2.3", sender, "%{d2r}", "example.email"},
		{"192.0.2.3", sender, "%{l}", "strong-bad"},
		{"192.0.2.3", sender, "%{l-}", "strong.bad"},
		{"192.0.2.3", sender, "%{lr}", "strong-bad"},
		{"192.0.2.3", sender, "%{lr-}", "bad.strong"},
		{"192.0.2.3", sender, "%{l1r-}", "strong"},
		{"192.0.2.3", sender, "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
		{"192.0.2.3", sender, "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
		{"192.0.2.3", sender, "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
		{"192.0.2.3", sender, "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
		{"192.0.2.3", sender, "%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
		{"2001:db8::cb01", sender, "%{ir}.%{v}._spf.%{d2}", "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf.example.com"},
		{"192.0.2.3", sender, "%{d999999999999999999999}", "email.example.com"},
		{"192.0.2.3", "a.b+c=d@x.test", "%{l.+=}/%{l1+=}/%{L}", "a.b.c.d/d/a.b%2Bc%3Dd"},
		{"192.0.2.3", "~a/b?\u00fc@x.test", "%{L}", "~a%2Fb%3F%C3%BC"},
		{"192.0.2.3", sender, "%{l=}.%{lr=}", "strong-bad.strong-bad"},
		{"192.0.2.7", "x@ptr.test", "%{p}", "mail.ptr.test"},
		{"192.0.2.9", "x@ptr.test", "%{p}", "xptr.test"},
		{"192.0.2.8", "x@ptr.test", "%{p}", "unknown"},
		{"192.0.2.10", "x@ptr.test", "%{p}", "unknown"},
		{"192.0.2.3", sender, "%{c} %{t} %{r}", "192.0.2.3 1790000000 unknown"},
		{"2001:db8::cb01", sender, "%{c}", "2001:db8::cb01"},
		{"192.0.2.3", long + "x@x.test", "%{l}", long + "x"},
		{"192.0.2.3", long + "x@x.test", "%{l12}", strings.Repeat("abcdefghi.", 11) + "x"},
	}
	for _, test := range tests {
		e := testEvaluation(t, test.client, test.sender, "helo.test")
		m := mustExplanation(t, test.text)
		if got := e.expand(context.Background(), m, e.identity.origin); got != test.want {
			t.Errorf("%s from %s: got %q, want %q", test.text, test.sender, got, test.want)
		}
	}
}

// Blanks are all that explanations have more than names (RFC 7208 6.2).
func TestParseExplanation(t *testing.T) {
	for text, want := range map[string]bool{"": true, "! a b ~": true, "a\tb": false, "\x1f": false, "\x7f": false, "\x80": false} {
		if _, err := ParseExplanation(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A name made of a local part that is not ASCII is never looked up (RFC 8616 4).
func TestTarget(t *testing.T) {
	tests := []struct {
		sender, spec, want string
		ok                 bool
	}{
		{"\u00fc@x.test", "%{l}.y.test", "", false},
		{"a\u0080@x.test", "%{S}.test", "", false},
		{"\u00fc@x.test", "%{o}.y.test.", "x.test.y.test", true},
		{"\u00fc@x.test", "Y.test", "y.test", true},
		{"a@x.test", "%{l}.y.test", "a.y.test", true},
	}
	for _, test := range tests {
		e := testEvaluation(t, "192.0.2.3", test.sender, "helo.test")
		got, ok := e.target(context.Background(), mustExplanation(t, test.spec), "x.test")
		if ok != test.ok || ok && got != test.want {
			t.Errorf("%s from %s: got %q, %v", test.spec, test.sender, got, ok)
		}
	}
}

// A name that is too long loses labels on its left (RFC 7208 7.3).
func TestShorten(t *testing.T) {
	tail := strings.Repeat("x.", 125) + "com"
	for in, want := range map[string]string{
		tail:                     tail,
		"a." + tail:              tail,
		"abc.de." + tail:         tail,
		strings.Repeat("x", 254): strings.Repeat("x", 254),
	} {
		if got := shorten(in); got != want {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

// Nothing that a sender says makes an expansion long or slow.
func FuzzExpand(f *testing.F) {
	f.Add("%{s}.%{l1r-}.%{O}%%%_%-", "a-b@x.test", "[192.0.2.1]")
	f.Add(strings.Repeat("%{s}", 1000), strings.Repeat("x", 1000)+"@x.test", "")
	f.Add("%{d2}%{ir}%{v}%{h}", "", "\x00")
	f.Fuzz(func(t *testing.T, text, sender, helo string) {
		m, err := ParseExplanation(text)
		if err != nil {
			return
		}
		e := testEvaluation(t, "2001:db8::1", sender, helo)
		got := e.expand(context.Background(), m, e.identity.origin)
		if most := maxExpansion + len(text) + 3*(len(sender)+len(helo)+64); len(got) > most {
			t.Fatalf("%d octets, want at most %d", len(got), most)
		}
		for _, c := range []byte(clean(got)) {
			if c < ' ' || c > '~' {
				t.Fatalf("%q has %q in it", clean(got), c)
			}
		}
	})
}
