package spf

import "testing"

// rfcZone has what the table below is about.
const rfcZone = `
; 3.2, 3.3, 4.5: which record counts
strings.test. TXT "v=spf1 ip4:192.0" ".2.0/24 -all"
others.test.  TXT "site=1"
others.test.  TXT "v=spf1 -all"
others.test.  TXT "v=spf10 +all"
two.test.     TXT "v=spf1 -all"
two.test.     TXT "V=SPF1 -all"
alias.test.   CNAME strings.test.
text.test.    TXT "no record of ours"
;! servfail broken.test

; 4.6: syntax first
late.test.    TXT "v=spf1 +all ip4:"
order.test.   TXT "v=spf1 exp=why.test ?ip4:192.0.2.9 -ip4:192.0.2.0/30 ~ip4:192.0.2.0/24 +all"
why.test.     TXT "%{i} is not one of ours"
empty.test.   TXT "v=spf1"

; 4.6.4: limits
ten.test.     TXT "v=spf1 a:h.test a:h.test a:h.test a:h.test a:h.test a:h.test a:h.test a:h.test a:h.test a:h.test -all"
eleven.test.  TXT "v=spf1 include:ten2.test a:h.test ip4:192.0.2.1 -all"
ten2.test.    TXT "v=spf1 a:h.test a:h.test a:h.test a:h.test a:h.test a:h.test a:h.test a:h.test a:h.test"
h.test.       A 198.51.100.1
loop.test.    TXT "v=spf1 include:loop.test -all"
round.test.   TXT "v=spf1 redirect=round.test"
void2.test.   TXT "v=spf1 a:x.test exists:y.test ip4:192.0.2.1 -all"
void3.test.   TXT "v=spf1 a:x.test mx:z.test exists:y.test ip4:192.0.2.1 -all"
somemx.test.  TXT "v=spf1 mx:mx10.test -all"
mx10.test.    MX 1 h.test.
mx10.test.    MX 2 h2.test.
mx10.test.    MX 3 h3.test.
mx10.test.    MX 4 h4.test.
mx10.test.    MX 5 h5.test.
mx10.test.    MX 6 h6.test.
mx10.test.    MX 7 h7.test.
mx10.test.    MX 8 h8.test.
mx10.test.    MX 9 h9.test.
mx10.test.    MX 10 h10.test.
manymx.test.  TXT "v=spf1 mx:mx11.test -all"
mx11.test.    MX 1 h.test.
mx11.test.    MX 2 h2.test.
mx11.test.    MX 3 h3.test.
mx11.test.    MX 4 h4.test.
mx11.test.    MX 5 h5.test.
mx11.test.    MX 6 h6.test.
mx11.test.    MX 7 h7.test.
mx11.test.    MX 8 h8.test.
mx11.test.    MX 9 h9.test.
mx11.test.    MX 10 h10.test.
mx11.test.    MX 11 h11.test.

; 5.2: include
inc.test.     TXT "v=spf1 include:soft.test include:deep.test ?include:strings.test -all"
soft.test.    TXT "v=spf1 ~all"
deep.test.    TXT "v=spf1 include:deeper.test -all"
deeper.test.  TXT "v=spf1 ip4:203.0.113.0/24 exp=why.test"
incnone.test. TXT "v=spf1 include:text.test +all"
inctemp.test. TXT "v=spf1 include:broken.test +all"
incperm.test. TXT "v=spf1 include:late.test +all"
inclabel.test. TXT "v=spf1 include:%{l} -all"
redlabel.test. TXT "v=spf1 redirect=%{l}"
literal.test. TXT "v=spf1 include:%{h}.soft.test -all"
[192.0.2.7].soft.test. TXT "v=spf1 +all"
label.        TXT "v=spf1 +all"

; 5.3, 5.4: a, mx
a.test.       TXT "v=spf1 a/28//64 -all"
a.test.       A 192.0.2.17
a.test.       AAAA 2001:db8:1:2::1
atemp.test.   TXT "v=spf1 a:broken.test +all"
mx.test.      TXT "v=spf1 mx -all"
mx.test.      MX 10 m6.test.
mx.test.      MX 20 m4.test.
m4.test.      A 192.0.2.25
m6.test.      AAAA 2001:db8::25
nullmx.test.  TXT "v=spf1 mx -all"
nullmx.test.  MX 0 .
nullmx.test.  A 192.0.2.1
amx.test.     TXT "v=spf1 mx ~all"
amx.test.     A 192.0.2.1

; 5.5: ptr
ptr.test.     TXT "v=spf1 ptr -all"
7.2.0.192.in-addr.arpa. PTR other.example.
7.2.0.192.in-addr.arpa. PTR mail.ptr.test.
mail.ptr.test. A 192.0.2.7
8.2.0.192.in-addr.arpa. PTR mail.ptr.test.
9.2.0.192.in-addr.arpa. PTR xptr.test.
xptr.test.    A 192.0.2.9
;! servfail 10.2.0.192.in-addr.arpa

; 5.6, 5.7
six.test.     TXT "v=spf1 ip6:2001:db8::/32 ip6:::ffff:192.0.2.1 -all"
mapped.test.  TXT "v=spf1 ip4:192.0.2.0/24 -all"
exists.test.  TXT "v=spf1 exists:%{ir}._x.%{d} -all"
1.2.0.192._x.exists.test. A 127.0.0.2
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2._x.exists.test. A 127.0.0.2

; 6: modifiers
redir.test.   TXT "v=spf1 ip4:192.0.2.5 redirect=order.test exp=never.test"
redirno.test. TXT "v=spf1 redirect=text.test"
unknown.test. TXT "v=spf1 x-y_z.1=%{d}/%{l} -all moo="
exploop.test. TXT "v=spf1 -all exp=two.why.test"
two.why.test. TXT "one"
two.why.test. TXT "two"
expmacro.test. TXT "v=spf1 -all exp=%{l}.exp.test"
ann.exp.test. TXT "%{s} %{o} %{d} %{h} %{c} %{r} %{t} %{v} 100%% %_ %- %{L}"
expodd.test.  TXT "v=spf1 -all exp=odd.exp.test"
odd.exp.test. TXT "<%{l}>"

; 8616: what is not ASCII
xn--bcher-kva.test. TXT "v=spf1 exists:%{l}.x.test ip4:192.0.2.1 -all"
`

// Each row is a sentence of RFC 7208.
func TestRFC(t *testing.T) {
	c := &Checker{Resolver: zone(t, rfcZone), Receiver: "mx.rcv.test", Now: at}
	tests := []struct {
		section, client, sender, helo string
		want                          string
	}{
		{"2.4 null sender: HELO", "192.0.2.1", "", "strings.test", "pass matched=ip4:192.0.2.0/24"},
		{"2.6.1 no domain", "192.0.2.1", "", "", `none problem="" is no domain that can have a record`},
		{"3.3 strings are joined", "192.0.2.1", "a@strings.test", "", "pass matched=ip4:192.0.2.0/24"},
		{"3.2 other TXT records", "192.0.2.1", "a@others.test", "", "fail matched=-all"},
		{"3.2 several records", "192.0.2.1", "a@two.test", "", "permerror problem=two.test publishes several records"},
		{"4.3 one label", "192.0.2.1", "a@test", "", `none problem="test" is no domain that can have a record`},
		{"4.3 literal", "192.0.2.1", "a@[192.0.2.1]", "", `none problem="[192.0.2.1]" is no domain that can have a record`},
		{"4.3 long label", "192.0.2.1", "a@" + long63 + "x.test", "", `none problem="` + long63 + `x.test" is no domain that can have a record`},
		{"4.4 error of the DNS", "192.0.2.1", "a@broken.test", "", "temperror problem=broken.test TXT: temporary error: the zone file says so"},
		{"4.4 CNAME", "192.0.2.1", "a@alias.test", "", "pass matched=ip4:192.0.2.0/24"},
		{"4.5 nothing published", "192.0.2.1", "a@text.test", "", "none"},
		{"4.5 no such name", "192.0.2.1", "a@nx.test", "", "none"},
		{"4.6 faults behind a match count", "192.0.2.1", "a@late.test", "", `permerror problem=late.test: octet 13, "ip4:": not an IPv4 address`},
		{"4.6.2 order, ?", "192.0.2.9", "a@order.test", "", "neutral matched=?ip4:192.0.2.9"},
		{"4.6.2 order, -", "192.0.2.1", "a@order.test", "", "fail matched=-ip4:192.0.2.0/30 exp=192.0.2.1 is not one of ours"},
		{"4.6.2 order, ~", "192.0.2.10", "a@order.test", "", "softfail matched=~ip4:192.0.2.0/24"},
		{"4.6.2 order, +", "192.0.3.1", "a@order.test", "", "pass matched=all"},
		{"4.7 default", "192.0.2.1", "a@empty.test", "", "neutral"},
		{"4.6.4 ten terms", "192.0.2.1", "a@ten.test", "", "fail matched=-all"},
		{"4.6.4 eleven terms in all", "192.0.2.1", "a@eleven.test", "", "permerror problem=more than 10 terms ask the DNS"},
		{"4.6.4 include of itself", "192.0.2.1", "a@loop.test", "", "permerror problem=more than 10 terms ask the DNS"},
		{"4.6.4 redirect to itself", "192.0.2.1", "a@round.test", "", "permerror of=round.test,round.test,round.test,round.test,round.test,round.test,round.test,round.test,round.test,round.test problem=more than 10 terms ask the DNS"},
		{"4.6.4 two voids", "192.0.2.1", "a@void2.test", "", "pass matched=ip4:192.0.2.1"},
		{"4.6.4 three voids", "192.0.2.1", "a@void3.test", "", "permerror problem=more than 2 terms find nothing in the DNS"},
		{"4.6.4 ten mail exchangers", "198.51.100.1", "a@somemx.test", "", "pass matched=mx:mx10.test"},
		{"4.6.4 eleven mail exchangers", "198.51.100.1", "a@manymx.test", "", "permerror problem=mx11.test has more than 10 mail exchangers"},
		{"5.2 include passes", "203.0.113.7", "a@inc.test", "", "pass matched=ip4:203.0.113.0/24 of=deep.test,deeper.test"},
		{"5.2 include has its own qualifier", "192.0.2.7", "a@inc.test", "", "neutral matched=ip4:192.0.2.0/24 of=strings.test"},
		{"5.2 include that does not pass", "198.51.100.7", "a@inc.test", "", "fail matched=-all"},
		{"5.2 include of nothing", "192.0.2.1", "a@incnone.test", "", "permerror problem=text.test, which is included, publishes no record"},
		{"4.3 include of a name with one label", "192.0.2.1", "label@inclabel.test", "", "permerror problem=label, which is included, publishes no record"},
		{"4.3 redirect to a name with one label", "192.0.2.1", "label@redlabel.test", "", "permerror of=label problem=label, to which is redirected, publishes no record"},
		{"4.3 include of what begins as a literal", "192.0.2.7", "a@literal.test", "[192.0.2.7]", "pass matched=all of=[192.0.2.7].soft.test"},
		{"5.2 include, temperror", "192.0.2.1", "a@inctemp.test", "", "temperror problem=broken.test TXT: temporary error: the zone file says so"},
		{"5.2 include, permerror", "192.0.2.1", "a@incperm.test", "", `permerror problem=late.test: octet 13, "ip4:": not an IPv4 address`},
		{"5.3 prefix of IPv4", "192.0.2.30", "a@a.test", "", "pass matched=a/28//64"},
		{"5.3 outside", "192.0.2.32", "a@a.test", "", "fail matched=-all"},
		{"5.3 prefix of IPv6", "2001:db8:1:2:3::4", "a@a.test", "", "pass matched=a/28//64"},
		{"5.3 outside", "2001:db8:1:3::1", "a@a.test", "", "fail matched=-all"},
		{"5 error of a look-up", "192.0.2.1", "a@atemp.test", "", "temperror problem=broken.test A: temporary error: the zone file says so"},
		{"5.4 each host", "192.0.2.25", "a@mx.test", "", "pass matched=mx"},
		{"5.4 IPv6", "2001:db8::25", "a@mx.test", "", "pass matched=mx"},
		{"5.4 null MX", "192.0.2.1", "a@nullmx.test", "", "fail matched=-all"},
		{"5.4 no address in place of MX", "192.0.2.1", "a@amx.test", "", "softfail matched=~all"},
		{"5.5 below the domain", "192.0.2.7", "a@ptr.test", "", "pass matched=ptr"},
		{"5.5 not confirmed", "192.0.2.8", "a@ptr.test", "", "fail matched=-all"},
		{"5.5 not below it", "192.0.2.9", "a@ptr.test", "", "fail matched=-all"},
		{"5.5 errors are no match", "192.0.2.10", "a@ptr.test", "", "fail matched=-all"},
		{"5.6 ip6", "2001:db8:ffff::1", "a@six.test", "", "pass matched=ip6:2001:db8::/32"},
		{"5.6 ip6 with a mapped address", "192.0.2.1", "a@six.test", "", "fail matched=-all"},
		{"5 mapped clients are IPv4", "::ffff:192.0.2.1", "a@mapped.test", "", "pass matched=ip4:192.0.2.0/24"},
		{"5.7 exists", "192.0.2.1", "a@exists.test", "", "pass matched=exists:%{ir}._x.%{d}"},
		{"5.7 asks for A with IPv6 too", "2001:db8::1", "a@exists.test", "", "pass matched=exists:%{ir}._x.%{d}"},
		{"6.1 redirect", "192.0.2.1", "a@redir.test", "", "fail matched=-ip4:192.0.2.0/30 of=order.test exp=192.0.2.1 is not one of ours"},
		{"6.1 redirect after a match", "192.0.2.5", "a@redir.test", "", "pass matched=ip4:192.0.2.5"},
		{"6.1 redirect to nothing", "192.0.2.5", "a@redirno.test", "", "permerror of=text.test problem=text.test, to which is redirected, publishes no record"},
		{"6 unknown modifiers", "192.0.2.5", "a@unknown.test", "", "fail matched=-all"},
		{"6.2 several explanations are none", "192.0.2.5", "a@exploop.test", "", "fail matched=-all"},
		{"7.2 letters", "192.0.2.5", "ann@expmacro.test", "helo.test", "fail matched=-all exp=ann@expmacro.test expmacro.test expmacro.test helo.test 192.0.2.5 mx.rcv.test 1790000000 in-addr 100%   %20 ann"},
		{"6.2 no harm from macros", "192.0.2.5", "a\r\nb\u00fc@expodd.test", "", "fail matched=-all exp=<a??b?>"},
		{"8616 U-labels", "192.0.2.1", "ann@b\u00fccher.test", "", "pass matched=ip4:192.0.2.1"},
		{"8616 local part", "192.0.2.1", "j\u00f6rg@b\u00fccher.test", "", "pass matched=ip4:192.0.2.1"},
	}
	for _, test := range tests {
		if got := summary(check1(c, test.client, test.sender, test.helo)); got != test.want {
			t.Errorf("%s: %s from %s: got\n\t%s, want\n\t%s", test.section, test.client, test.sender, got, test.want)
		}
	}
}

const long63 = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

func TestCounts(t *testing.T) {
	c := &Checker{Resolver: zone(t, rfcZone)}
	tests := []struct {
		client, sender string
		lookups, voids int
	}{
		{"203.0.113.7", "a@inc.test", 3, 0},
		{"198.51.100.7", "a@inc.test", 4, 0},
		{"192.0.2.1", "a@void2.test", 2, 2},
		{"192.0.2.1", "a@void3.test", 3, 3},
		{"192.0.2.1", "a@redir.test", 1, 0},
		{"192.0.2.1", "a@exploop.test", 0, 0},
		{"192.0.2.25", "a@mx.test", 1, 0}, // a host without IPv4 is no void
		{"192.0.2.200", "a@ptr.test", 1, 1},
	}
	for _, test := range tests {
		r := check1(c, test.client, test.sender, "")
		if r.Lookups != test.lookups || r.Voids != test.voids {
			t.Errorf("%s from %s: %d look-ups, %d void, want %d, %d", test.client, test.sender, r.Lookups, r.Voids, test.lookups, test.voids)
		}
	}
}

func TestVoidLimit(t *testing.T) {
	for _, test := range []struct {
		most int
		want Code
	}{{0, PermError}, {2, PermError}, {3, Pass}, {-1, Pass}} {
		c := &Checker{Resolver: zone(t, rfcZone), MaxVoids: test.most}
		if got := check1(c, "192.0.2.1", "a@void3.test", "").Code; got != test.want {
			t.Errorf("MaxVoids %d: %s, want %s", test.most, got, test.want)
		}
	}
}
