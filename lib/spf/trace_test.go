package spf

import (
	"context"
	"net/netip"
	"strings"
	"testing"
)

const traced = `1 SPFlocal
1 inc.test: v=spf1 ?ip4:192.0.2.99
2   ?ip4:192.0.2.99: no match
1 inc.test: neutral
3 dns TXT inc.test: "v=spf1 include:soft.test include:deep.test ?include:strings.test -all"
4 inc.test. 300 IN TXT "v=spf1 include:soft.test include:deep.test ?include:strings.test -all"
1 inc.test: v=spf1 include:soft.test include:deep.test ?include:strings.test -all
2   include:soft.test
3     dns TXT soft.test: "v=spf1 ~all"
4     soft.test. 300 IN TXT "v=spf1 ~all"
1     soft.test: v=spf1 ~all
2       ~all: match, softfail
1     soft.test: softfail
2   include:soft.test: no match
2   include:deep.test
3     dns TXT deep.test: "v=spf1 include:deeper.test -all"
4     deep.test. 300 IN TXT "v=spf1 include:deeper.test -all"
1     deep.test: v=spf1 include:deeper.test -all
2       include:deeper.test
3         dns TXT deeper.test: "v=spf1 ip4:203.0.113.0/24 exp=why.test"
4         deeper.test. 300 IN TXT "v=spf1 ip4:203.0.113.0/24 exp=why.test"
1         deeper.test: v=spf1 ip4:203.0.113.0/24 exp=why.test
2           ip4:203.0.113.0/24: match, pass
1         deeper.test: pass
2       include:deeper.test: match, pass
1     deep.test: pass
2   include:deep.test: match, pass
1 inc.test: pass
`

func TestTrace(t *testing.T) {
	c := &Checker{Resolver: zone(t, rfcZone)}
	c.Rules.Local = mustRules(t, "?ip4:192.0.2.99")
	if got := traceOf(c, "203.0.113.7", "a@inc.test"); got != traced {
		t.Errorf("got\n%s\nwant\n%s", got, traced)
	}
}

func traceOf(c *Checker, client, sender string) string {
	var b strings.Builder
	c.CheckTrace(context.Background(), netip.MustParseAddr(client), sender, "", func(s Step) {
		b.WriteByte('0' + byte(s.Level))
		b.WriteString(" " + strings.Repeat("  ", s.Depth) + s.Text + "\n")
	})
	return b.String()
}

func TestTraceOfErrors(t *testing.T) {
	c := &Checker{Resolver: zone(t, rfcZone)}
	for sender, want := range map[string]string{
		"a@atemp.test":   "3   dns A broken.test: temporary error, the zone file says so\n2   a:broken.test: temporary error\n1 atemp.test: temperror\n",
		"a@incnone.test": "1     text.test: no record, none\n2   include:text.test: permanent error, text.test, which is included, publishes no record\n1 incnone.test: permerror\n",
		"a@void3.test":   "2   exists:y.test: permanent error, more than 2 terms find nothing in the DNS\n1 void3.test: permerror\n",
		"a@two.test":     "1 two.test: permerror, two.test publishes several records\n",
		"a@broken.test":  "1 broken.test: temperror, broken.test TXT: temporary error: the zone file says so\n",
		"a@nx.test":      "3 dns TXT nx.test: no such name\n1 nx.test: no record, none\n",
		"a@redirno.test": "2   redirect=text.test\n",
		"a@amx.test":     "3   dns MX amx.test: nothing of this type\n2   mx: no match\n",
	} {
		if got := traceOf(c, "192.0.2.1", sender); !strings.Contains(got, want) {
			t.Errorf("%s: got\n%s\nwithout\n%s", sender, got, want)
		}
	}
}
