package spf

import (
	"context"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"postern/lib/dns"
)

// maxAsked is how many questions a check may take: the record and the
// explanation, MaxLookups terms of up to MaxNames hosts each, and the client's
// names, for %{p}.
const maxAsked = 2 + MaxLookups*(1+MaxNames) + 1 + MaxNames

// FuzzCheck: whatever domains publish, a check has a result within its limits,
// twice the same, of which nothing ends the line that it stands in. Where the
// records are of the simplest kind, an evaluator of some lines agrees.
func FuzzCheck(f *testing.F) {
	f.Add("ip4:192.0.2.0/24 -all", "?all", "a@x.test", "x.test")
	f.Add("include:y.test ~ip6:2001:db8::/32 redirect=y.test", "+ip4:192.0.2.1 include:x.test ?all", "y.test", "x.test")
	f.Add("exists:%{p}.%{l}.%{ir} mx a:y.test/24//64 -all exp=y.test", "%{s} %{h} %{c} %{t}\r\n\xff", "\"a b\"@x.test", "")
	f.Add("ptr ptr:y.test mx:%{d} -mx:y.test exists:%{p}", "-all", "", "x.test")
	f.Fuzz(func(t *testing.T, one, two, sender, helo string) {
		a := &answers{txt: map[string]string{"x.test": "v=spf1 " + one, "y.test": "v=spf1 " + two}}
		c := &Checker{Resolver: populated(a)}
		for _, client := range []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")} {
			a.asked = 0
			r := c.Check(context.Background(), client, sender, helo)
			if r.Lookups > MaxLookups+1 || r.Voids > MaxVoids+1 || a.asked > maxAsked || len(r.Explanation) > maxExplanation {
				t.Errorf("%d look-ups, %d voids, %d questions, %q", r.Lookups, r.Voids, a.asked, r.Explanation)
			}
			if again := c.Check(context.Background(), client, sender, helo); !reflect.DeepEqual(again, r) {
				t.Errorf("%+v, then %+v", r, again)
			}
			for _, piece := range append(r.Received("mx.test", client, sender, helo), r.AuthResult(client)...) {
				if strings.ContainsFunc(piece, func(c rune) bool { return c < ' ' || c > '~' }) {
					t.Errorf("%q is to stand in a field", piece)
				}
			}
			if want, ok := (&simple{a.txt, client, 0}).result(r.Domain); ok && r.Code != want {
				t.Errorf("%s for %s, want %s; %+v", r.Code, client, want, r)
			}
		}
		for _, domain := range []string{"x.test", "y.test"} {
			c.Lint(context.Background(), domain)
		}
	})
}

// populated has addresses, hosts and names for who asks, besides the texts of a.
func populated(a *answers) dns.Resolver {
	texts := a.resolver()
	data := map[dns.Type]string{dns.TypeA: "192.0.2.1", dns.TypeAAAA: "2001:db8::1", dns.TypeMX: "10 y.test.", dns.TypePTR: "x.test."}
	return dns.Func(func(ctx context.Context, name string, kind dns.Type) (dns.Answer, error) {
		if d, ok := data[kind]; ok && len(name)%4 > 0 {
			a.asked++
			return dns.Answer{Name: name, Records: []dns.Record{{Name: name, Type: kind, Data: d}}}, nil
		}
		return texts.Query(ctx, name, kind)
	})
}

// simple evaluates records of addresses, all, include and redirect, and gives
// up on all else.
type simple struct {
	records map[string]string
	client  netip.Addr
	depth   int
}

func (s *simple) result(domain string) (Code, bool) {
	text, ok := s.records[domain]
	if _, err := Parse(text); !ok || err != nil || s.depth > 3 {
		return None, false
	}
	redirect := ""
	for _, term := range strings.Fields(text)[1:] {
		if to, ok := strings.CutPrefix(term, "redirect="); ok {
			redirect = to
			continue
		}
		qualifier := strings.IndexByte("?+-~", term[0])
		if qualifier >= 0 {
			term = term[1:]
		} else {
			qualifier = 1
		}
		matches, ok := s.matches(term)
		if !ok {
			return None, false
		}
		if matches {
			return [...]Code{Neutral, Pass, Fail, SoftFail}[qualifier], true
		}
	}
	if redirect == "" {
		return Neutral, true
	}
	s.depth++
	return s.result(redirect)
}

func (s *simple) matches(term string) (yes, ok bool) {
	name, value, _ := strings.Cut(term, ":")
	switch name {
	case "all":
		return true, true
	case "include":
		s.depth++
		code, ok := s.result(value)
		return code == Pass, ok
	case "ip4", "ip6":
		if !strings.Contains(value, "/") {
			addr, err := netip.ParseAddr(value)
			return addr == s.client, err == nil
		}
		net, err := netip.ParsePrefix(value)
		return net.Contains(s.client), err == nil
	}
	return false, false
}
