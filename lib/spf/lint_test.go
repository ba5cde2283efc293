package spf

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

var lintZone = `
good.test.   TXT "v=spf1 mx a:h.test ip4:192.0.2.0/24 include:also.test -all"
good.test.   MX 10 h.test.
h.test.      A 192.0.2.1
six.test.    TXT "v=spf1 a -all"
six.test.    AAAA 2001:db8::1
also.test.   TXT "v=spf1 ip6:2001:db8::/32"
syntax.test. TXT "v=spf1 ip4:300.1.1.1 a:museum -all"
two.test.    TXT "v=spf1 -all"
two.test.    TXT "v=spf1 +all"
world.test.  TXT "v=spf1 +all"
any.test.    TXT "v=spf1 ?all"
open.test.   TXT "v=spf1 ip4:192.0.2.1"
wide.test.   TXT "v=spf1 ip4:0.0.0.0/0 ip6:2001::/16 a:h.test/8 mx:good.test//0 -ip4:0.0.0.0/0 -all"
ptr.test.    TXT "v=spf1 ptr exists:%{p}.x.test -all"
odd.test.    TXT "v=spf1 ip4:10.1.2.3 ip4:192.0.2.9/24 ip6:::ffff:192.0.2.1 -all"
order.test.  TXT "v=spf1 a:h.test a:h.test -all mx redirect=x.test"
void.test.   TXT "v=spf1 a mx:nx.test a:nx.test -all"
ref.test.    TXT "v=spf1 include:nx.test redirect=h.test"
round.test.  TXT "v=spf1 include:back.test -all"
back.test.   TXT "v=spf1 include:round.test"
temp.test.   TXT "v=spf1 a:x.broken.test include:y.broken.test -all"
;! servfail broken.test
cost.test.   TXT "v=spf1 include:c5.test include:d5.test a:h.test -all"
c5.test.     TXT "v=spf1 a:h.test/24 a:h.test/25 a:h.test/26 a:h.test/27 a:h.test/28"
d5.test.     TXT "v=spf1 a:h.test/24 a:h.test/25 a:h.test/26 exists:%{i}.x.test ?include:also.test"
ten.test.    TXT "v=spf1 a:both.test a:both.test/24 a:both.test/25 a:both.test/26 a:both.test/27 a:both.test/28 a:both.test/29 a:both.test/30 a:both.test/31 exists:both.test -all"
both.test.   A 192.0.2.1
both.test.   AAAA 2001:db8::1
limit.test.  TXT "v=spf1 a:nx.test mx:nx.test -all"
many.test.   TXT "v=spf1 mx -all"
many.test.   MX 1 a.test.
many.test.   MX 2 b.test.
many.test.   MX 3 c.test.
many.test.   MX 4 d.test.
many.test.   MX 5 e.test.
many.test.   MX 6 f.test.
many.test.   MX 7 g.test.
many.test.   MX 8 h.test.
many.test.   MX 9 i.test.
many.test.   MX 10 j.test.
many.test.   MX 11 k.test.
long.test.   TXT "v=spf1 ` + strings.Repeat(`ip4:192.0.2.1 " "`, 32) + `-all"
huge.test.   TXT "v=spf1 -all"
host.test.   TXT "v=spf1 mx mx:null.test exists:nx.test exists:h.test -all"
host.test.   MX 10 nx.test.
null.test.   MX 0 .
self.test.   TXT "v=spf1 include:_in.%{d} redirect=_out.%{o}"
_in.self.test.  TXT "v=spf1 a:h.test ?all"
_out.self.test. TXT "v=spf1 a:h.test"
deny.test.   TXT "v=spf1 -include:world.test ~include:wide4.test -all"
wide4.test.  TXT "v=spf1 ip4:0.0.0.0/1"
colon.test.  TXT "v=spf1 include=also.test ra=postmaster MX=h.test -all"
near.test.   TXT "v=spf1; -all"
near.test.   TXT "something else"
space.test.  TXT " v=spf1 -all"
to.test.     TXT "v=spf1 include:near.test -all"
exp0.test.   TXT "v=spf1 -all exp=nx.test"
exp1.test.   TXT "v=spf1 -all exp=ok.%{d}"
ok.exp1.test. TXT "%{i} is none of %{o} at %{t}"
exp2.test.   TXT "v=spf1 -all exp=bad.exp2.test"
bad.exp2.test. TXT "100%"
exp3.test.   TXT "v=spf1 -all exp=%{i}.nx.test"
exp4.test.   TXT "v=spf1 include:exp0.test -all exp=x.broken.test"
front.test.  TXT "v=spf1 a/24:h.test ptr/24 -all"
inner.test.  TXT "v=spf1 ip4:10.0.0.0/8 ip6:fe80::/10 ip4:10.0.0.0/7 ip6:fc00::/6 -all"
only4.test.  TXT "v=spf1 a:h.test a:h.test/24 mx:good.test a:six.test -all"
huge.test.   TXT "` + strings.Repeat(strings.Repeat("x", 200)+`" "`, 7) + `"
`

func TestLint(t *testing.T) {
	const everybody = " of the world send mail from this domain; name the networks that are yours"
	tests := []struct {
		domain string
		want   string // findings, a line each, and look-ups and voids
	}{
		{"good.test", "3 0"},
		{"six.test", "1 0"},
		{"nx.test", "nx.test: fault: no SPF record; publish one; \"v=spf1 -all\" says that no mail comes from here\n0 0"},
		{"syntax.test", "syntax.test:12: fault: ip4:300.1.1.1: not an IPv4 address; correct it: as it is, every check ends with permerror\n" +
			"syntax.test:24: fault: a:museum: not a domain: it has one label only; correct it: as it is, every check ends with permerror\n0 0"},
		{"two.test", "two.test: fault: 2 SPF records; leave one: with several every check ends with permerror\n0 0"},
		{"world.test", "world.test:8: fault: all: lets the whole world send mail from this domain; use \"-all\" or \"~all\"\n0 0"},
		{"any.test", "any.test:8: warning: ?all: protects from nothing; use \"-all\" or \"~all\"\n0 0"},
		{"open.test", "open.test: warning: says nothing about hosts that are not named; end it with \"-all\" or \"~all\"\n0 0"},
		{"wide.test", "wide.test:8: fault: ip4:0.0.0.0/0: /0 lets a great part" + everybody + "\n" +
			"wide.test:22: warning: ip6:2001::/16: /16 lets a great part" + everybody + "\n" +
			"wide.test:36: warning: a:h.test/8: /8 lets a great part" + everybody + "\n" +
			"wide.test:47: fault: mx:good.test//0: /0 lets a great part" + everybody + "\n2 0"},
		{"ptr.test", "ptr.test:8: warning: ptr: ptr is slow, unreliable and not to be used (RFC 7208 5.5); name the hosts with a, mx, ip4 or ip6\n" +
			"ptr.test:12: warning: exists:%{p}.x.test: the macro p is slow and not to be used (RFC 7208 7.2); use another\n2 0"},
		{"odd.test", "odd.test:8: warning: ip4:10.1.2.3: an address that means nothing outside; take it out: what receivers see is another\n" +
			"odd.test:21: warning: ip4:192.0.2.9/24: the address has bits behind the prefix length; write ip4:192.0.2.0/24\n" +
			"odd.test:38: warning: ip6:::ffff:192.0.2.1: never matches: such a client counts as IPv4; use ip4\n0 0"},
		{"order.test", "order.test:17: warning: a:h.test: stands there twice; take one out\n" +
			"order.test:31: warning: mx: stands behind all and is never looked at; move it in front of all, or take it out\n" +
			"order.test: warning: redirect=x.test: is not looked at beside all; take one of them out\n2 0"},
		{"void.test", "void.test:8: warning: a: has no address; take it out, or publish what it asks for\n" +
			"void.test:10: warning: mx:nx.test: has no MX records; take it out, or publish what it asks for\n" +
			"void.test:21: warning: a:nx.test: has no address; take it out, or publish what it asks for\n" +
			"void.test: fault: 3 terms find nothing in the DNS, 2 may; take them out: checks that come so far end with permerror\n3 3"},
		{"limit.test", "limit.test:8: warning: a:nx.test: has no address; take it out, or publish what it asks for\n" +
			"limit.test:18: warning: mx:nx.test: has no MX records; take it out, or publish what it asks for\n2 2"},
		{"ten.test", "10 0"},
		{"ref.test", "nx.test: fault: no SPF record, though others refer to it; publish one, or take the reference out\n" +
			"h.test: fault: no SPF record, though others refer to it; publish one, or take the reference out\n2 0"},
		{"round.test", "back.test:8: fault: include:round.test: leads back to round.test; take it out: it goes round until the limit of look-ups\n2 0"},
		{"temp.test", "temp.test:8: unknown: a:x.broken.test: x.broken.test A: temporary error: the zone file says so; ask again\n" +
			"y.broken.test: unknown: y.broken.test TXT: temporary error: the zone file says so; ask again\n2 0"},
		{"cost.test", "cost.test: fault: 13 terms ask the DNS, 10 may; take includes out, or put addresses (ip4, ip6) in place of names: checks that come so far end with permerror\n" +
			"cost.test: warning: 9 terms find nothing for a client with IPv6, 2 may; put addresses (ip4, ip6) in place of names: checks of such clients that come so far end with permerror\n13 0"},
		{"many.test", "many.test:8: fault: mx: 11 mail exchangers, 10 may be; name addresses instead\n1 0"},
		{"host.test", "host.test:8: warning: mx: has no mail exchanger with an address; take it out, or publish what it asks for\n" +
			"host.test:11: warning: mx:null.test: has no mail exchanger with an address; take it out, or publish what it asks for\n" +
			"host.test:24: warning: exists:nx.test: is nowhere; take it out, or publish what it asks for\n" +
			"host.test: fault: 3 terms find nothing in the DNS, 2 may; take them out: checks that come so far end with permerror\n4 3"},
		{"self.test", "_out.self.test: warning: says nothing about hosts that are not named; end it with \"-all\" or \"~all\"\n4 0"},
		{"deny.test", "2 0"},
		{"colon.test", "colon.test: warning: include=also.test: means nothing: a mechanism has a colon behind its name; write include:also.test\n" +
			"colon.test: warning: MX=h.test: means nothing: a mechanism has a colon behind its name; write MX:h.test\n0 0"},
		{"near.test", "near.test: fault: no SPF record: \"v=spf1; -all\" does not begin with \"v=spf1\" and a blank; correct it\n0 0"},
		{"space.test", "space.test: fault: no SPF record: \" v=spf1 -all\" does not begin with \"v=spf1\" and a blank; correct it\n0 0"},
		{"to.test", "near.test: fault: no SPF record: \"v=spf1; -all\" does not begin with \"v=spf1\" and a blank; correct it\n1 0"},
		{"exp0.test", "exp0.test: warning: exp=nx.test: leads to 0 TXT records and explains nothing; publish one, or take it out\n0 0"},
		{"exp1.test", "0 0"},
		{"exp2.test", "exp2.test: warning: exp=bad.exp2.test: explains nothing: octet 4, \"100%\": \"%\" at the end; correct the text\n0 0"},
		{"exp3.test", "0 0"},
		{"exp4.test", "exp4.test: unknown: exp=x.broken.test: x.broken.test TXT: temporary error: the zone file says so; ask again\n1 0"},
		{"front.test", "front.test:8: fault: a/24:h.test: the prefix length stands in front of the domain, not behind it; correct it: as it is, every check ends with permerror\n" +
			"front.test:23: fault: ptr/24: no prefix length, or where none may stand; correct it: as it is, every check ends with permerror\n0 0"},
		{"inner.test", "inner.test:8: warning: ip4:10.0.0.0/8: an address that means nothing outside; take it out: what receivers see is another\n" +
			"inner.test:23: warning: ip6:fe80::/10: an address that means nothing outside; take it out: what receivers see is another\n" +
			"inner.test:37: warning: ip4:10.0.0.0/7: /7 lets a great part" + everybody + "\n" +
			"inner.test:52: warning: ip6:fc00::/6: /6 lets a great part" + everybody + "\n0 0"},
		{"ann@h.test", "ann@h.test: fault: no domain that can have a record; write it as in example.org\n0 0"},
		{"test", "test: fault: no domain that can have a record; write it as in example.org\n0 0"},
		{"only4.test", "only4.test: warning: 3 terms find nothing for a client with IPv6, 2 may; put addresses (ip4, ip6) in place of names: checks of such clients that come so far end with permerror\n4 0"},
		{"huge.test", "huge.test: warning: the TXT records of this name are 1411 octets, too many for one UDP packet; move other TXT records to names of their own, or parts of this one into includes\n0 0"},
	}
	c := &Checker{Resolver: zone(t, lintZone)}
	for _, test := range tests {
		if got := linted(c, test.domain); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.domain, got, test.want)
		}
	}
	if got := linted(c, "long.test"); !strings.Contains(got, "long.test: warning: the record is 459 octets, more than the 450 that fit everywhere; shorten it") {
		t.Errorf("long.test: got\n%s", got)
	}
}

func linted(c *Checker, domain string) string {
	r := c.Lint(context.Background(), domain)
	var b strings.Builder
	for i := range r.Findings {
		b.WriteString(r.Findings[i].String() + "\n")
	}
	fmt.Fprintf(&b, "%d %d", r.Lookups, r.Voids)
	return b.String()
}

func TestWorst(t *testing.T) {
	c := &Checker{Resolver: zone(t, lintZone)}
	for domain, want := range map[string]string{"good.test": "", "ptr.test": "warning", "temp.test": "unknown", "two.test": "fault"} {
		got := ""
		if s, ok := c.Lint(context.Background(), domain).Worst(); ok {
			got = s.String()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", domain, got, want)
		}
	}
}
