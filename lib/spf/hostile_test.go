package spf

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"postern/lib/dns"
)

// answers is a resolver whose TXT records and addresses are these; it has
// nothing else. It counts the questions.
type answers struct {
	txt   map[string]string
	asked int
}

func (a *answers) resolver() dns.Resolver {
	return dns.Func(func(_ context.Context, name string, t dns.Type) (dns.Answer, error) {
		a.asked++
		if text, ok := a.txt[name]; ok && t == dns.TypeTXT {
			return dns.Answer{Name: name, Records: []dns.Record{{Name: name, Type: t, Data: zoneString(text)}}}, nil
		}
		return dns.Answer{}, &dns.Error{Name: name, Type: t, Kind: dns.ErrNotFound, NoName: true}
	})
}

// What a domain publishes may be as bad as it likes: the result is right, and
// few questions are asked.
func TestHostileRecords(t *testing.T) {
	big := strings.Repeat("ip4:192.0.2.1 ", 64<<10/14)
	tests := []struct {
		name, record string
		want         Code
		most         int // questions
	}{
		{"64 KiB of addresses", "v=spf1 " + big + "-all", Fail, 1},
		{"64 KiB of blanks", "v=spf1" + strings.Repeat(" ", 64<<10) + "-all", Fail, 1},
		{"64 KiB of look-ups", "v=spf1" + strings.Repeat(" a:%{l}.x.test", 5000), PermError, 4},
		{"64 KiB of macros", "v=spf1 -all exp=" + strings.Repeat("%{s}", 16<<10) + ".test", Fail, 2},
		{"64 KiB of modifiers", "v=spf1" + strings.Repeat(" x=y", 16<<10) + " -all", Fail, 1},
		{"one term of 64 KiB", "v=spf1 a:" + strings.Repeat("x", 64<<10) + ".test -all", Fail, 2},
		{"many labels", "v=spf1 a:" + strings.Repeat("x.", 32<<10) + "test -all", Fail, 2},
		{"delimiters", "v=spf1 a:%{l" + strings.Repeat(".-+,/_=", 9<<10) + "}.test -all", Fail, 2},
		{"NUL", "v=spf1 a:x\x00y.test -all", PermError, 1},
		{"labels with dots", "v=spf1 exists:%{l}..test ~all", SoftFail, 2},
		{"a name of 255 octets", "v=spf1 a:" + strings.Repeat("abcdefghijklm.", 18) + "t -all", Fail, 2},
		{"garbage", "v=spf1 \xff\xfe%%%{{}}/// -all", PermError, 1},
	}
	sender := strings.Repeat("Q.", 5000) + "@x.test"
	for _, test := range tests {
		a := &answers{txt: map[string]string{"x.test": test.record}}
		c := &Checker{Resolver: a.resolver()}
		r := check1(c, "203.0.113.1", sender, strings.Repeat("h", 10000))
		if r.Code != test.want || a.asked > test.most {
			t.Errorf("%s: %s (%.200s) after %d questions, want %s after at most %d", test.name, r.Code, r.Problem, a.asked, test.want, test.most)
		}
		if len(r.Problem) > 1000 || len(r.Explanation) > maxExplanation {
			t.Errorf("%s: %d octets of problem, %d of explanation", test.name, len(r.Problem), len(r.Explanation))
		}
	}
}

// A tree of includes is cut at the limit, however it is made.
func TestHostileTree(t *testing.T) {
	a := &answers{txt: make(map[string]string)}
	for i := range 40 {
		a.txt[fmt.Sprintf("n%d.test", i)] = fmt.Sprintf("v=spf1 include:n%d.test include:n%d.test redirect=n%d.test", i+1, (i*7)%40, (i*3)%40)
	}
	r := check1(&Checker{Resolver: a.resolver()}, "203.0.113.1", "a@n0.test", "")
	if r.Code != PermError || a.asked > MaxLookups+1 {
		t.Errorf("%s after %d questions", r.Code, a.asked)
	}
}

// Senders and names of all kinds find a result.
func TestHostileSenders(t *testing.T) {
	c := &Checker{Resolver: zone(t, rfcZone)}
	for _, sender := range []string{
		"@", "@@", "a@", "@.", "a@.", "a@..", "\x00@\x00.\x00", "a@\xff\xfe.test", "a@x\x00y.test", "a@" + strings.Repeat("\u00fc", 5000) + ".test",
		strings.Repeat("x", 10000), strings.Repeat("x.", 5000), "a@" + strings.Repeat("y.", 126) + "test", "\"a@b\"@nx.test", "<>", "a b@c d.test",
	} {
		if r := check1(c, "192.0.2.1", sender, "helo"); r.Code != None {
			t.Errorf("%.50q: %s (%s)", sender, r.Code, r.Problem)
		}
		if r := check1(c, "192.0.2.1", "", sender); r.Code != None {
			t.Errorf("HELO %.50q: %s (%s)", sender, r.Code, r.Problem)
		}
	}
	if r := check1(c, "fe80::1%eth0", "a@six.test", ""); r.Code != Fail {
		t.Errorf("an address with a zone: %s", r.Code)
	}
}

// Who does not answer ends the check, in time (RFC 7208 4.6.4).
func TestSilence(t *testing.T) {
	silent := dns.Func(func(ctx context.Context, name string, kind dns.Type) (dns.Answer, error) {
		<-ctx.Done()
		return dns.Answer{}, &dns.Error{Name: name, Type: kind, Kind: dns.ErrTemporary, Reason: "gave up waiting"}
	})
	c := &Checker{Resolver: silent, Limit: time.Millisecond}
	const want = "temperror problem=the check takes too long: x.test TXT: temporary error: gave up waiting"
	if got := summary(check1(c, "192.0.2.1", "a@x.test", "")); got != want {
		t.Errorf("got %s", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := c.Check(ctx, netip.MustParseAddr("192.0.2.1"), "a@x.test", "")
	if got := summary(&r); got != want {
		t.Errorf("given up: got %s", got)
	}
}

// A million domains do not fill the memory.
func TestMemoIsBounded(t *testing.T) {
	var m memo
	for i := range 20 * maxMemo {
		m.reading(fmt.Sprintf(`"v=spf1 ip4:192.0.2.%d include:x%d.test -all"`, i%256, i))
		if len(m.read) > maxMemo {
			t.Fatalf("%d records", len(m.read))
		}
	}
	m.reading(zoneString("v=spf1 " + strings.Repeat("ip4:192.0.2.1 ", 1000)))
	for data := range m.read {
		if len(data) > maxMemoText {
			t.Fatalf("a text of %d octets is kept", len(data))
		}
	}
	first := m.reading(`"v=spf1 -all"`)
	if m.reading(`"v=spf1 -all"`) != first {
		t.Error("a record is read twice")
	}
}

// BenchmarkCheck is a check with three includes, all of it known.
func BenchmarkCheck(b *testing.B) {
	c := &Checker{Resolver: zone(b, rfcZone)}
	ip := netip.MustParseAddr("203.0.113.7")
	b.ReportAllocs()
	for b.Loop() {
		if r := c.Check(context.Background(), ip, "a@inc.test", "helo.test"); r.Code != Pass {
			b.Fatal(r.Code)
		}
	}
}

// BenchmarkParse reads a usual record.
func BenchmarkParse(b *testing.B) {
	const text = "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 ip6:2001:db8::/32 a mx include:_spf.example.net ~all"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
