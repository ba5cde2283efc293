package spf

import (
	"net/netip"
	"strings"
	"testing"
)

// explainZone are domains that refuse everybody, each with words of its own.
const explainZone = `
a.test.     TXT "v=spf1 -all exp=why.a.test"
why.a.test. TXT "%{l} of %{d} is not for %{c}"
plain.test. TXT "v=spf1 -all"
on.test.    TXT "v=spf1 redirect=a.test"
in.test.    TXT "v=spf1 include:a.test -all exp=why.in.test"
why.in.test. TXT "the outer one"
bad.test.   TXT "v=spf1 -all exp=why.bad.test"
why.bad.test. TXT "%{broken"
two.test.   TXT "v=spf1 -all exp=why.two.test"
why.two.test. TXT "one"
why.two.test. TXT "two"
odd.test.   TXT "v=spf1 -all exp=why.odd.test"
why.odd.test. TXT "line\013\010250 2.0.0 accepted\000\007\027[31m \195\188\255"
`

// What a domain says is marked as its words (RFC 7208 6.2); what the receiver
// says is not.
func TestRefusal(t *testing.T) {
	const front = "SPF: 192.0.2.1 may not send mail from "
	tests := []struct{ sender, ours, want string }{
		{"joe@a.test", "ask us", front + "a.test; a.test explains: joe of a.test is not for 192.0.2.1"},
		{"joe@plain.test", "ask %{r}", front + "plain.test: ask mx.here.test"},
		{"joe@plain.test", "", front + "plain.test"},
		{"joe@on.test", "", front + "on.test; a.test explains: joe of a.test is not for 192.0.2.1"},
		{"joe@in.test", "", front + "in.test; in.test explains: the outer one"},
		{"joe@bad.test", "ask us", front + "bad.test: ask us"},
		{"joe@two.test", "ask us", front + "two.test: ask us"},
		{"joe@odd.test", "", front + "odd.test"},
		{"\r\n250 ok\x00\u00fc\xff@a.test", "", front + "a.test; a.test explains: ??250 ok??? of a.test is not for 192.0.2.1"},
		{strings.Repeat("x", 10000) + "@a.test", "", front + "a.test; a.test explains: " + strings.Repeat("x", maxExplanation)},
	}
	for _, test := range tests {
		c := &Checker{Resolver: zone(t, explainZone), Receiver: "mx.here.test"}
		if test.ours != "" {
			c.Rules.Explanation = mustExplanation(t, test.ours)
		}
		r := check1(c, "192.0.2.1", test.sender, "")
		got := r.Refusal(netip.MustParseAddr("192.0.2.1"))
		if got != test.want[:min(len(test.want), maxRefusal)] {
			t.Errorf("%.40q: got\n\t%s, want\n\t%s", test.sender, got, test.want)
		}
	}
}

// The receiver's own rules speak for the receiver.
func TestRefusalByRule(t *testing.T) {
	c := &Checker{Resolver: zone(t, explainZone), Rules: Rules{Local: mustRules(t, "-all exp=why.in.test")}}
	r := check1(c, "192.0.2.1", "joe@a.test", "")
	const want = "SPF: 192.0.2.1 may not send mail from a.test, by SPFlocal: the outer one"
	if got := r.Refusal(netip.MustParseAddr("192.0.2.1")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
