package dns_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/dns"
	"postern/lib/dnstest"
)

func TestFaults(t *testing.T) {
	const good = "[192.0.2.1 192.0.2.2] <nil>"
	tests := []struct {
		fault dnstest.Fault
		mix   bool
		want  string // how it begins behind the name and address
	}{
		{dnstest.None, false, good},
		{dnstest.ServFail, false, "temporary error: ADDR answers SERVFAIL"},
		{dnstest.Refused, false, "temporary error: ADDR answers REFUSED"},
		{dnstest.Bogus, false, "bogus answer: DNSSEC validation failed"},
		{dnstest.Silent, false, "temporary error: ADDR does not answer"},
		{dnstest.Slow, false, good},
		{dnstest.Truncate, false, good},
		{dnstest.NoEDNS, false, good},
		{dnstest.WrongID, false, "temporary error: ADDR does not answer"},
		{dnstest.WrongName, false, "temporary error: ADDR does not answer"},
		{dnstest.LowerCase, false, good},
		{dnstest.LowerCase, true, good},
		{dnstest.Flood, false, good},
		{dnstest.Garbage, false, "temporary error: ADDR answers in a form that cannot be read"},
		{dnstest.Stray, false, good},
		{dnstest.Lame, false, "temporary error: ADDR answers with a referral"},
		{dnstest.WrongPort, false, "temporary error: ADDR does not answer"},
		{dnstest.NeverAll, false, "temporary error: ADDR answers in a form that cannot be read"},
	}
	for _, tt := range tests {
		bothWays(t, string(tt.fault), func(t *testing.T, direct bool) {
			t.Parallel()
			s := dnstest.Start(t, zoneText)
			s.Fault("first.example", tt.fault)
			c := dns.Config{Servers: []netip.AddrPort{s.Addr()}, Try: 300 * time.Millisecond, Rounds: 1, Direct: direct}
			if tt.mix {
				c.MixCase()
			}
			addrs, err := dns.New(c).LookupIP(ctx, "ip4", "first.example")
			got := fmt.Sprint(addrs, err)
			got = strings.TrimPrefix(got, "[] first.example A: ")
			if got = strings.ReplaceAll(got, s.Addr().String(), "ADDR"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// bothWays makes a test with resolvers for many questions and with direct ones.
func bothWays(t *testing.T, name string, test func(t *testing.T, direct bool)) {
	t.Run(name, func(t *testing.T) { test(t, false) })
	t.Run(name+", direct", func(t *testing.T) { test(t, true) })
}

// A big answer comes by TCP.
func TestBigAnswer(t *testing.T) {
	var zone strings.Builder
	for i := range 100 {
		fmt.Fprintf(&zone, "big.example. IN TXT \"%d %s\"\n", i, strings.Repeat("x", 200))
	}
	r := dnstest.Start(t, zone.String()).Resolver()
	texts, err := r.LookupTXT(ctx, "big.example")
	if err != nil || len(texts) != 100 {
		t.Errorf("%d texts, %v; want 100", len(texts), err)
	}
}

func TestFailOver(t *testing.T) { bothWays(t, "asked", failOver) }

func failOver(t *testing.T, direct bool) {
	good := dnstest.Start(t, zoneText)
	silent := dnstest.Start(t, "")
	silent.Fault(dnstest.All, dnstest.Silent)
	broken := dnstest.Start(t, "")
	broken.Fault(dnstest.All, dnstest.ServFail)
	r := dns.New(dns.Config{
		Servers: []netip.AddrPort{nobody(t), broken.Addr(), silent.Addr(), good.Addr()},
		Try:     200 * time.Millisecond,
		Direct:  direct,
	})
	if _, err := r.LookupIP(ctx, "ip4", "first.example"); err != nil {
		t.Fatal(err)
	}
	asked := len(silent.Asked())
	if _, err := r.LookupMX(ctx, "example"); err != nil {
		t.Fatal(err)
	}
	if got := len(silent.Asked()); got != asked {
		t.Errorf("the silent server was asked again although another answers")
	}
	if want := []string{"first.example A", "example MX"}; !slices.Equal(good.Asked(), want) {
		t.Errorf("good server was asked %q, want %q", good.Asked(), want)
	}
}

// nobody is an address where nothing listens.
func nobody(t testing.TB) netip.AddrPort {
	t.Helper()
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), dnstest.FreePort(t))
}

// A port that is closed is known at once, not after a time-out.
func TestRefusedAtOnce(t *testing.T) {
	bothWays(t, "asked", func(t *testing.T, direct bool) {
		r := dns.New(dns.Config{Servers: []netip.AddrPort{nobody(t)}, Try: 10 * time.Second, Rounds: 1, Direct: direct})
		limited, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		_, err := r.LookupTXT(limited, "example")
		if !errors.Is(err, dns.ErrTemporary) || !strings.HasSuffix(err.Error(), " read: connection refused") {
			t.Errorf("got %v, want connection refused", err)
		}
	})
}

// A server that is being started again is asked once more when it may listen.
func TestRestart(t *testing.T) {
	bothWays(t, "asked", func(t *testing.T, direct bool) {
		other := dnstest.Start(t, "")
		other.Fault(dnstest.All, dnstest.ServFail)
		addr := nobody(t)
		r := dns.New(dns.Config{Servers: []netip.AddrPort{addr, other.Addr()}, Try: 2 * time.Second, Direct: direct})
		answered := make(chan error)
		go func() {
			_, err := r.LookupMX(ctx, "example")
			answered <- err
		}()
		for len(other.Asked()) == 0 { // after the closed port
			time.Sleep(time.Millisecond)
		}
		dnstest.StartOn(t, addr.String(), zoneText)
		if err := <-answered; err != nil {
			t.Error(err)
		}
	})
}

// So is a stream that nobody takes.
func TestRefusedByTCP(t *testing.T) {
	r := dns.New(dns.Config{Servers: []netip.AddrPort{nobody(t)}, Try: 10 * time.Second, Rounds: 1, TCP: true})
	_, err := r.LookupTXT(ctx, "example")
	if !errors.Is(err, dns.ErrTemporary) || !strings.HasSuffix(err.Error(), " connect: connection refused") {
		t.Errorf("got %v, want connection refused", err)
	}
}

// Nor is a stream's answer believed that answers something else.
func TestStrangeByTCP(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	s.Fault("first.example", dnstest.WrongName)
	r := dns.New(dns.Config{Servers: []netip.AddrPort{s.Addr()}, Rounds: 1, TCP: true})
	addrs, err := r.LookupIP(ctx, "ip4", "first.example")
	if !errors.Is(err, dns.ErrTemporary) || !strings.HasSuffix(err.Error(), " answers something else than was asked") {
		t.Errorf("%v, %v", addrs, err)
	}
}

func TestContext(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	s.Fault(dnstest.All, dnstest.Silent)
	bothWays(t, "asked", func(t *testing.T, direct bool) {
		r := dns.New(dns.Config{Servers: []netip.AddrPort{s.Addr()}, Try: time.Minute, Direct: direct})
		limited, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if _, err := r.LookupTXT(limited, "example"); !errors.Is(err, dns.ErrTemporary) {
			t.Errorf("got %v, want a temporary error", err)
		}
	})
}

func TestLimit(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	s.Fault(dnstest.All, dnstest.Silent)
	bothWays(t, "asked", func(t *testing.T, direct bool) {
		r := dns.New(dns.Config{Servers: []netip.AddrPort{s.Addr()}, Try: time.Minute, Limit: 50 * time.Millisecond, Direct: direct})
		if _, err := r.LookupTXT(ctx, "example"); !errors.Is(err, dns.ErrTemporary) {
			t.Errorf("got %v, want a temporary error", err)
		}
	})
}

// The same question asked by many is asked once, and its answer kept.
func TestOneInFlight(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	s.Fault("example", dnstest.Slow)
	r := s.Resolver()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := r.LookupTXT(ctx, "example"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := r.LookupTXT(ctx, "Example."); err != nil {
		t.Error(err)
	}
	if got := s.Asked(); len(got) != 1 {
		t.Errorf("asked %q, want one question", got)
	}
}

// Who gives up takes nobody along.
func TestLeaderGivesUp(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	s.Fault("example", dnstest.Slow)
	r := s.Resolver()
	impatient, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := r.LookupTXT(impatient, "example"); err == nil {
			t.Error("the impatient one got an answer")
		}
	})
	for len(s.Asked()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if _, err := r.LookupTXT(ctx, "example"); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

func TestManyQuestions(t *testing.T) {
	var zone strings.Builder
	for i := range 500 {
		fmt.Fprintf(&zone, "n%d.example. IN A 192.0.2.%d\n", i, i%256)
	}
	// A busy machine may let a server wait for long.
	r := dns.New(dns.Config{Servers: []netip.AddrPort{dnstest.Start(t, zone.String()).Addr()}, Try: 10 * time.Second})
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Go(func() {
			addrs, err := r.LookupIP(ctx, "ip4", fmt.Sprintf("n%d.example", i))
			if want := fmt.Sprintf("192.0.2.%d", i%256); err != nil || len(addrs) != 1 || addrs[0].String() != want {
				t.Errorf("n%d: %v, %v; want %s", i, addrs, err, want)
			}
		})
	}
	wg.Wait()
}

func TestCache(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	now := time.Unix(1e9, 0)
	c := dns.Config{Servers: []netip.AddrPort{s.Addr()}}
	c.Clock(func() time.Time { return now })
	r := dns.New(c)
	ask := func() {
		r.LookupIP(ctx, "ip4", "signed.example")  // 60 s
		r.LookupIP(ctx, "ip4", "nowhere.example") // 60 s by SOA
		r.LookupIP(ctx, "ip4", "broken.example")  // never kept
	}
	ask()
	asked := len(s.Asked())
	now = now.Add(59 * time.Second)
	ask()
	if got, want := s.Asked()[asked:], []string{"broken.example A"}; !slices.Equal(got, want) {
		t.Errorf("after 59 s asked %q, want %q", got, want)
	}
	asked = len(s.Asked())
	now = now.Add(2 * time.Second)
	ask()
	if got := s.Asked()[asked:]; len(got) != 3 {
		t.Errorf("after 61 s asked %q, want all three", got)
	}
}

// An answer that a caller changes stays whole for the others.
func TestAnswersAreCopies(t *testing.T) {
	r := dnstest.Start(t, zoneText).Resolver()
	a, err := r.Query(ctx, "first.example", dns.TypeA)
	if err != nil {
		t.Fatal(err)
	}
	a.Records[0].Data = "spoilt"
	b, _ := r.Query(ctx, "first.example", dns.TypeA)
	if b.Records[0].Data != "192.0.2.1" {
		t.Errorf("got %q from the cache", b.Records[0].Data)
	}
}

// A record as long as a record can be comes whole, by TCP.
func TestLongestRecord(t *testing.T) {
	var zone strings.Builder
	zone.WriteString("long.example. IN TXT")
	for range 250 { // 64,000 octets
		fmt.Fprintf(&zone, " \"%s\"", strings.Repeat("x", 255))
	}
	zone.WriteString("\n")
	r := dnstest.Start(t, zone.String()).Resolver()
	texts, err := r.LookupTXT(ctx, "long.example")
	if err != nil || len(texts) != 1 || len(texts[0]) != 250*255 {
		t.Errorf("%d texts, %v", len(texts), err)
	}
}

// Names at and beyond the bounds, and with octets that no host's name has, are
// asked for as they are or known not to exist.
func TestStrangeNames(t *testing.T) {
	label := strings.Repeat("a", 63)
	longest := strings.Repeat(label+".", 3) + strings.Repeat("a", 61) // 255 octets on the wire
	zone := longest + `. IN A 192.0.2.1
\000\.\"x.example. IN A 192.0.2.2
alias.example. IN CNAME \000\.\"x.example.
`
	r := dnstest.Start(t, zone).Resolver()
	tests := []struct{ name, want string }{
		{longest, "[192.0.2.1] <nil>"},
		{longest + "a", "not a domain name"},
		{label + "a.example", "not a domain name"},
		{"a..example", "not a domain name"},
		{"a\x00b.example", "not a domain name"},
		{strings.Repeat("a.", 10000) + "example", "not a domain name"},
		{"alias.example", "[192.0.2.2] <nil>"},
	}
	for _, tt := range tests {
		a, err := r.Query(ctx, tt.name, dns.TypeA)
		if got := fmt.Sprint(a.Addrs(), " ", err); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%.40q of %d octets: %s, want %s", tt.name, len(tt.name), got, tt.want)
		}
	}
}
