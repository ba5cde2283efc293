package spf

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"postern/lib/dns"
)

// zone is a resolver that knows these records.
func zone(t testing.TB, text string) dns.Resolver {
	t.Helper()
	r, err := dns.Zone(strings.NewReader(text), "test.zone")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustRules(t testing.TB, text string) *Record {
	t.Helper()
	r, err := ParseRules(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustExplanation(t testing.TB, text string) *MacroString {
	t.Helper()
	m, err := ParseExplanation(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// summary is a result on one line: what a table can compare.
func summary(r *Result) string {
	s := []string{r.Code.String()}
	add := func(key, value string) {
		if value != "" {
			s = append(s, key+"="+value)
		}
	}
	if r.Rule != Published {
		add("by", r.Rule.String())
	}
	add("matched", r.Mechanism)
	add("of", strings.Join(r.Includes, ","))
	add("exp", r.Explanation)
	add("problem", r.Problem)
	return strings.Join(s, " ")
}

// at is the time of all checks in tests.
func at() time.Time { return time.Unix(1790000000, 0) }

func check1(c *Checker, client, sender, helo string) *Result {
	r := c.Check(context.Background(), netip.MustParseAddr(client), sender, helo)
	return &r
}
