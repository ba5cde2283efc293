package spf

import (
	"strings"
	"testing"
)

const rulesZone = `
pass.test.     TXT "v=spf1 +all"
fail.test.     TXT "v=spf1 -all"
why.test.      TXT "v=spf1 -all exp=reason.test"
reason.test.   TXT "its own reason"
soft.test.     TXT "v=spf1 ~all"
neutral.test.  TXT "v=spf1 ?all"
perm.test.     TXT "v=spf1 foo"
;! servfail temp.test
none.test.     A 192.0.2.77
none.test.     MX 10 mx.none.test.
mx.none.test.  A 198.51.100.20
1.2.0.192.bl.test. A 127.0.0.2
friend.test.   TXT "v=spf1 ip4:192.0.2.66 -all"
`

// The receiver's rules count in the order of asmtpd.conf(5).
func TestRules(t *testing.T) {
	all := Rules{
		Local:       mustRules(t, "-exists:%{ir}.bl.test ?ip4:192.0.2.9"),
		None:        mustRules(t, "a/24 mx/24 ptr"),
		Fail:        mustRules(t, "include:friend.test ?all"),
		Explanation: mustExplanation(t, "See http://why.test/?sender=%{S}&ip=%{I}"),
	}
	var err error
	all.Hosts, err = ParseHosts(strings.NewReader("# known\n\nhost.test: ip4:192.0.2.5 -all\n.sub.test:\tip4:192.0.2.6\n.test.sub.test: -all\nperm.test: +all\n"), "spfhosts")
	if err != nil {
		t.Fatal(err)
	}
	const see = " exp=See http://why.test/?sender=a%40fail.test&ip="
	tests := []struct{ name, client, sender, want string }{
		{"a local fail is final", "192.0.2.1", "a@pass.test", "fail by=SPFlocal matched=-exists:%{ir}.bl.test exp=See http://why.test/?sender=a%40pass.test&ip=192.0.2.1"},
		{"a local neutral is not", "192.0.2.9", "a@pass.test", "pass matched=all"},
		{"the domain", "192.0.2.2", "a@soft.test", "softfail matched=~all"},
		{"none: near its address", "192.0.2.3", "a@none.test", "pass by=SPFnone matched=a/24"},
		{"none: near its exchanger", "198.51.100.7", "a@none.test", "pass by=SPFnone matched=mx/24"},
		{"none: elsewhere", "203.0.113.1", "a@none.test", "neutral by=SPFnone"},
		{"hosts before none", "192.0.2.5", "a@host.test", "pass by=spfhosts matched=ip4:192.0.2.5"},
		{"hosts, fail", "192.0.2.4", "a@host.test", "fail by=spfhosts matched=-all exp=See http://why.test/?sender=a%40host.test&ip=192.0.2.4"},
		{"hosts, below a domain", "192.0.2.6", "a@x.y.sub.test", "pass by=spfhosts matched=ip4:192.0.2.6"},
		{"hosts, not the domain itself", "192.0.2.6", "a@sub.test", "neutral by=SPFnone"},
		{"hosts, the longest", "192.0.2.6", "a@x.test.sub.test", "fail by=spfhosts matched=-all exp=See http://why.test/?sender=a%40x.test.sub.test&ip=192.0.2.6"},
		{"what is published beats hosts", "192.0.2.6", "a@perm.test", `permerror problem=perm.test: octet 8, "foo": no mechanism`},
		{"fail", "192.0.2.2", "a@fail.test", "fail matched=-all" + see + "192.0.2.2"},
		{"its own explanation", "192.0.2.2", "a@why.test", "fail matched=-all exp=its own reason"},
		{"a second chance", "192.0.2.66", "a@fail.test", "pass by=SPFfail matched=ip4:192.0.2.66 of=friend.test"},
		{"a second chance is for a fail", "192.0.2.66", "a@soft.test", "softfail matched=~all"},
		{"temperror", "192.0.2.2", "a@temp.test", "temperror problem=temp.test TXT: temporary error: the zone file says so"},
	}
	c := &Checker{Resolver: zone(t, rulesZone), Rules: all}
	for _, test := range tests {
		if got := summary(check1(c, test.client, test.sender, "")); got != test.want {
			t.Errorf("%s: got\n\t%s, want\n\t%s", test.name, got, test.want)
		}
	}
	// A rule that does not decide costs what it costs.
	if r := check1(c, "192.0.2.9", "a@pass.test", ""); r.Lookups != 1 || r.Voids != 1 || !r.Several {
		t.Errorf("%d look-ups, %d voids, several %t; want 1, 1 and true", r.Lookups, r.Voids, r.Several)
	}
}

// Which results of each rule count.
func TestRuleResults(t *testing.T) {
	results := []string{"+all", "-all", "~all", "?all", "include:temp.test", "foo=x include:none.test"}
	tests := []struct {
		set    func(*Rules, *Record)
		sender string
		want   string // with each of results
	}{
		{func(r *Rules, rec *Record) { r.Local = rec }, "a@soft.test", "pass fail softfail softfail temperror softfail"},
		{func(r *Rules, rec *Record) { r.None = rec }, "a@none.test", "pass fail softfail neutral temperror permerror"},
		{func(r *Rules, rec *Record) { r.Fail = rec }, "a@fail.test", "pass fail softfail fail temperror fail"},
	}
	for i, test := range tests {
		var got []string
		for _, text := range results {
			c := &Checker{Resolver: zone(t, rulesZone)}
			test.set(&c.Rules, mustRules(t, text))
			got = append(got, check1(c, "192.0.2.2", test.sender, "").Code.String())
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%d: got %s, want %s", i, got, test.want)
		}
	}
}

// Rules in place of what is published need no domain.
func TestPolicy(t *testing.T) {
	c := &Checker{Resolver: zone(t, rulesZone), Policy: mustRules(t, "ip4:192.0.2.0/24 -all")}
	for client, want := range map[string]string{"192.0.2.1": "pass matched=ip4:192.0.2.0/24", "192.0.3.1": "fail matched=-all"} {
		if got := summary(check1(c, client, "a@temp.test", "")); got != want {
			t.Errorf("%s: got %s, want %s", client, got, want)
		}
		if got := summary(check1(c, client, "", "localhost")); got != want {
			t.Errorf("%s, HELO: got %s, want %s", client, got, want)
		}
	}
}

func TestParseHostsFaults(t *testing.T) {
	_, err := ParseHosts(strings.NewReader("a.test: -all\nrubbish\nb.test: foo\nA.test: +all\n: a\n"), "spfhosts")
	want := "spfhosts:2: want domain: rules\n" +
		"spfhosts:3: octet 1, \"foo\": no mechanism\n" +
		"spfhosts:4: a second line for a.test\n" +
		"spfhosts:5: want domain: rules"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
