package main

import (
	"net/netip"
	"strings"
	"testing"

	"postern/lib/smtp"
)

// Of several hosts' failures the first temporary one counts, and there are bounds
// on how many are tried and how many may keep us waiting.
func TestFailures(t *testing.T) {
	for _, tt := range []struct {
		hosts string // a letter each: p for good, d for now, s for now and slowly
		worst int    // which of them counts
		tries int    // after how many it was enough; 0: it was not
	}{
		{"p", 0, 0},
		{"ppp", 2, 0},
		{"pdd", 1, 0},
		{"dp", 0, 0},
		{"ds", 0, 0},
		{"sds", 0, 3},
		{strings.Repeat("d", maxAttempts-1), 0, 0},
		{strings.Repeat("d", maxAttempts), 0, maxAttempts},
	} {
		var fs failures
		list := make([]*failure, len(tt.hosts))
		enough := 0
		for i, kind := range tt.hosts {
			list[i] = &failure{outcome: outcome{reply: smtp.Say(451, smtp.NoAnswer, "later")}, slow: kind == 's'}
			if kind == 'p' {
				list[i].reply = smtp.Say(554, smtp.NotAuthorized, "no")
			}
			if fs.add(list[i]); fs.afterAttempt(list[i]) && enough == 0 {
				enough = i + 1
			}
		}
		if fs.worst != list[tt.worst] || enough != tt.tries {
			t.Errorf("%s: %v counts, enough after %d; want the failure of host %d, after %d", tt.hosts, fs.worst, enough, tt.worst, tt.tries)
		}
	}
}

func TestFamily(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for want, sources := range map[string][][]netip.Addr{"": {nil, {four, six}}, "ip4": {{four}}, "ip6": {{six}}} {
		for _, list := range sources {
			if got := (&config{sources: list}).family(); got != want {
				t.Errorf("%v: %q, want %q", list, got, want)
			}
		}
	}
}
