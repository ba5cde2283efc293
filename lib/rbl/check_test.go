package rbl_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/dnstest"
	"postern/lib/rbl"
	"postern/lib/record"
)

const zone = `$TTL 60
2.0.0.127.bl.example.        A   127.0.0.2
7.2.0.192.bl.example.        A   127.0.0.2
7.2.0.192.bl.example.        A   127.0.0.4
7.2.0.192.bl.example.        TXT "sends " "spam, see\010 http://bl.example/7"
7.2.0.192.white.example.     A   127.0.0.1
7.2.0.192.white.example.     TXT "welcome"
8.2.0.192.bl.example.        A   127.0.0.9
7.2.0.192.over.example.      A   127.255.255.255
7.2.0.192.mixed.example.     A   127.255.255.254
7.2.0.192.mixed.example.     A   127.0.0.3
*.parked.example.            A   203.0.113.80
*.world.example.             A   127.0.0.2
*.quota.example.             A   127.255.255.254
7.2.0.192.multi.uribl.com.   A   127.0.0.1
8.2.0.192.multi.uribl.com.   A   127.0.0.2
7.2.0.192.list.dnswl.org.    A   127.0.0.255
8.2.0.192.list.dnswl.org.    A   127.0.9.3
7.2.0.192.dbl.spamhaus.org.  A   127.0.1.255
8.2.0.192.dbl.spamhaus.org.  A   127.0.1.2
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example. A 127.0.0.5
2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.six.example. A 127.0.0.2
2.0.0.127.six.example.       A   127.0.0.2
pool.isp.example.names.example.  A 127.0.0.2
spam.example.domains.example.    A 127.0.1.2
test.domains.example.            A 127.0.1.2
7.2.0.192.abcdefghijklmnopqrstuvwx26.dq.example. A 127.0.0.2
7.2.0.192.abcdefghijklmnopqrstuvwx26.dq.example. TXT "key abcdefghijklmnopqrstuvwx26"
`

func lists(t *testing.T, texts ...string) []rbl.List {
	t.Helper()
	var all []rbl.List
	for _, text := range texts {
		l, err := rbl.ParseText(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

func TestCheck(t *testing.T) {
	srv := dnstest.Start(t, zone)
	srv.Fault("7.2.0.192.broken.example", dnstest.ServFail)
	addr := netip.MustParseAddr("192.0.2.7")
	one, other := rbl.Client{Addr: addr}, rbl.Client{Addr: addr.Next()}
	tests := []struct {
		name   string
		client rbl.Client
		lists  string // with commas
		want   string // the record
	}{
		{"listed", one, "bl.example", `rbl="bl.example (127.0.0.2 127.0.0.4)" rbl_score=100`},
		{"not listed", rbl.Client{Addr: netip.MustParseAddr("192.0.2.9")}, "bl.example", `rbl_score=0`},
		{"scores added", one, "-s 60 bl.example,-s -20 white.example", `rbl="bl.example (127.0.0.2 127.0.0.4), white.example (127.0.0.1)" rbl_score=40`},
		{"codes", one, "bl.example=127.0.0.[4..9]", `rbl="bl.example (127.0.0.4)" rbl_score=100`},
		{"other codes", one, "bl.example=127.0.0.5", `rbl_score=0`},
		{"over quota", one, "over.example", `rbl_errors="over.example (refuses to be asked: 127.255.255.255 (too many questions))" rbl_score=0`},
		{"quota and listing", one, "mixed.example", `rbl="mixed.example (127.0.0.3)" rbl_score=100`},
		{"parked", one, "parked.example", `rbl_errors="parked.example (answers 203.0.113.80, which is no answer of a list)" rbl_score=0`},
		{"refused", one, "multi.uribl.com", `rbl_errors="multi.uribl.com (refuses to be asked: 127.0.0.1)" rbl_score=0`},
		{"refused", one, "list.dnswl.org", `rbl_errors="list.dnswl.org (refuses to be asked: 127.0.0.255)" rbl_score=0`},
		{"refused", one, "dbl.spamhaus.org", `rbl_errors="dbl.spamhaus.org (refuses to be asked: 127.0.1.255)" rbl_score=0`},
		{"not refused", other, "multi.uribl.com", `rbl="multi.uribl.com (127.0.0.2)" rbl_score=100`},
		{"not refused", other, "list.dnswl.org", `rbl="list.dnswl.org (127.0.9.3)" rbl_score=100`},
		{"not refused", other, "dbl.spamhaus.org", `rbl="dbl.spamhaus.org (127.0.1.2)" rbl_score=100`},
		{"IPv6", rbl.Client{Addr: netip.MustParseAddr("2001:db8::1")}, "bl.example", `rbl="bl.example (127.0.0.5)" rbl_score=100`},
		{"mapped", rbl.Client{Addr: netip.MustParseAddr("::ffff:192.0.2.8")}, "bl.example", `rbl="bl.example (127.0.0.9)" rbl_score=100`},
		{"name", rbl.Client{Addr: addr, Name: "pool.isp.example"}, "-p -s 30 names.example", `rbl="names.example (127.0.0.2)" rbl_score=30`},
		{"no name", one, "-p -s 30 names.example", `rbl_score=0`},
		{"sender", rbl.Client{Addr: addr, Sender: "spam.example"}, "-f -s 30 domains.example", `rbl="domains.example (127.0.1.2)" rbl_score=30`},
		{"sender's address", rbl.Client{Sender: "[192.0.2.7]"}, "-f -s 30 world.example", `rbl_score=0`},
		{"sender's bare address", rbl.Client{Sender: "192.0.2.7"}, "-f -s 30 world.example", `rbl_score=0`},
		{"counted once", rbl.Client{Addr: addr, Sender: "spam.example"}, "-if -s 30 world.example", `rbl="world.example (127.0.0.2), world.example (127.0.0.2)" rbl_score=30`},
		{"key", one, "-s 9 abcdefghijklmnopqrstuvwx26.dq.example", `rbl="dq.example (127.0.0.2)" rbl_score=9`},
		{"one broken", one, "bl.example,broken.example", `rbl="bl.example (127.0.0.2 127.0.0.4)" rbl_errors="broken.example (` + srv.Addr().String() + ` answers SERVFAIL)" rbl_score=100`},
	}
	for _, tt := range tests {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		var r record.Record
		all := lists(t, strings.Split(tt.lists, ",")...)
		res := rbl.Check(ctx, srv.Resolver(), all, tt.client)
		res.Record(&r)
		cancel()
		if got := r.String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestReasons(t *testing.T) {
	r := dnstest.Start(t, zone).Resolver()
	all := lists(t, "white.example*-1", "bl.example", "abcdefghijklmnopqrstuvwx26.dq.example")
	res := rbl.Check(context.Background(), r, all, rbl.Client{Addr: netip.MustParseAddr("192.0.2.7")})
	res.Reasons(context.Background(), r)
	var got []string
	for _, h := range res.Hits {
		got = append(got, h.Reason)
	}
	if want := []string{"welcome", `sends spam, see\n http://bl.example/7`, "key *"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var rec record.Record
	if res.Record(&rec); rec.Value("rbl_reason") != got[1] || res.Against() != "192.0.2.7 is listed by bl.example, dq.example" || !res.Refused() {
		t.Errorf("%s, against %q refused %t", &rec, res.Against(), res.Refused())
	}
}

// TestAgainst: it is said of what the lists that count have it.
func TestAgainst(t *testing.T) {
	r := dnstest.Start(t, zone).Resolver()
	all := lists(t, "white.example*0", "bl.example", "-p names.example", "-f domains.example", "-if world.example")
	c := rbl.Client{Addr: netip.MustParseAddr("::ffff:192.0.2.7"), Name: "pool.isp.example", Sender: "spam.example"}
	res := rbl.Check(context.Background(), r, all, c)
	want := "192.0.2.7 is listed by bl.example; pool.isp.example is listed by names.example; " +
		"spam.example is listed by domains.example; 192.0.2.7 is listed by world.example; spam.example is listed by world.example"
	if got := res.Against(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	res = rbl.Check(context.Background(), r, all[4:], rbl.Client{Sender: "BÜCHER.example."})
	if got, want := res.Against(), "xn--bcher-kva.example is listed by world.example"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestOneLimit: a list that is silent costs the time limit once, and the others
// nothing.
func TestOneLimit(t *testing.T) {
	srv := dnstest.Start(t, zone)
	srv.Fault("7.2.0.192.silent1.example", dnstest.Silent)
	srv.Fault("7.2.0.192.silent2.example", dnstest.Silent)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	res := rbl.Check(ctx, srv.Resolver(), lists(t, "silent1.example", "bl.example", "silent2.example"), rbl.Client{Addr: netip.MustParseAddr("192.0.2.7")})
	if len(res.Failures) != 2 || len(res.Hits) != 1 || !res.Refused() {
		t.Errorf("got %+v", res)
	}
}

func TestAdd(t *testing.T) {
	srv := dnstest.Start(t, zone)
	srv.Fault("pool.isp.example.broken.example", dnstest.ServFail)
	r, all := srv.Resolver(), lists(t, "-if -s 60 world.example", "-p -s 30 names.example", "-p broken.example")
	res := rbl.Check(context.Background(), r, all, rbl.Client{Addr: netip.MustParseAddr("192.0.2.7")})
	res.Add(rbl.Check(context.Background(), r, all, rbl.Client{Name: "pool.isp.example"}))
	res.Add(rbl.Check(context.Background(), r, all, rbl.Client{Sender: "spam.example"}))
	if res.Score != 90 || res.Refused() || len(res.Hits) != 3 || len(res.Failures) != 1 {
		t.Errorf("score %d of %d with %d failures, want 90 of 3 with 1", res.Score, len(res.Hits), len(res.Failures))
	}
}

// TestCheckEach: each client is told once, with what all lists say of him, also
// one of whom there is nothing to ask.
func TestCheckEach(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.7")
	clients := []rbl.Client{{Addr: addr}, {Name: "pool.isp.example"}, {Addr: addr.Next()}}
	told := make([][]string, len(clients))
	rbl.CheckEach(context.Background(), dnstest.Start(t, zone).Resolver(), lists(t, "bl.example", "white.example", "over.example"), clients,
		func(place int, res rbl.Result) { told[place] = append(told[place], res.Listings()) })
	want := [][]string{{"bl.example (127.0.0.2 127.0.0.4), white.example (127.0.0.1)"}, {""}, {"bl.example (127.0.0.9)"}}
	for i := range clients {
		if !slices.Equal(told[i], want[i]) {
			t.Errorf("%d: told %q, want %q", i, told[i], want[i])
		}
	}
}

func TestTest(t *testing.T) {
	srv := dnstest.Start(t, zone)
	srv.Fault("2.0.0.127.broken.example", dnstest.ServFail)
	srv.Fault("1.0.0.127.half.example", dnstest.ServFail)
	var got []string
	for _, p := range rbl.Test(context.Background(), srv.Resolver(), lists(t, "bl.example=127.0.0.99", "six.example", "dead.example",
		"world.example", "parked.example", "quota.example", "broken.example", "half.example", "-f domains.example")) {
		detail := strings.ReplaceAll(p.Detail, srv.Addr().String(), "DNS")
		got = append(got, p.List.Name()+" "+p.About+": "+p.Health.String()+": "+detail)
	}
	const (
		mapped = ".0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
		parked = " is listed: answers 203.0.113.80, which is no answer of a list"
		quota  = "refuses to be asked: 127.255.255.254 (asked through an open resolver)"
	)
	want := []string{
		"bl.example IPv4: works: 127.0.0.2", "bl.example IPv6: no IPv6: ",
		"six.example IPv4: works: 127.0.0.2", "six.example IPv6: works: 127.0.0.2",
		"dead.example IPv4: dead: 2.0.0.127 is not listed", "dead.example IPv6: no IPv6: ",
		"world.example IPv4: lists the world: 1.0.0.127 is listed: 127.0.0.2",
		"world.example IPv6: lists the world: 1" + mapped + " is listed: 127.0.0.2",
		"parked.example IPv4: lists the world: 1.0.0.127" + parked, "parked.example IPv6: lists the world: 1" + mapped + parked,
		"quota.example IPv4: cannot be asked: " + quota, "quota.example IPv6: cannot be asked: " + quota,
		"broken.example IPv4: cannot be asked: DNS answers SERVFAIL", "broken.example IPv6: no IPv6: ",
		"half.example IPv4: cannot be asked: DNS answers SERVFAIL", "half.example IPv6: no IPv6: ",
		"domains.example names: works: 127.0.1.2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestManyLists: however many lists there are, one that is silent does not keep
// the others from being asked.
func TestManyLists(t *testing.T) {
	srv := dnstest.Start(t, zone)
	var texts []string
	for i := range 40 {
		name := "l" + string(rune('a'+i/10)) + string(rune('a'+i%10)) + ".example"
		srv.Fault("7.2.0.192."+name, dnstest.Silent)
		texts = append(texts, name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	res := rbl.Check(ctx, srv.Resolver(), lists(t, append(texts, "bl.example")...), rbl.Client{Addr: netip.MustParseAddr("192.0.2.7")})
	if len(res.Failures) != 40 || len(res.Hits) != 1 {
		t.Errorf("%d failures, %d hits; want 40 and 1", len(res.Failures), len(res.Hits))
	}
}
