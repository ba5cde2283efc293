package dns_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/dns"
	"postern/lib/dnstest"
)

const zoneText = `
$ORIGIN example.
@       IN SOA ns root 1 60 60 60 60
@       IN MX  20 second
@       IN MX  10 first
@       IN MX  10 FIRST2
@       IN TXT "v=spf1 " "ip4:192.0.2.1" " -all"
@       IN TXT "a\"b\\c\255\000;d"
first   IN A   192.0.2.1
first   IN A   192.0.2.2
first   IN AAAA 2001:db8::1
four    IN A   192.0.2.4
alias   IN CNAME alias2
alias2  IN CNAME first
dangling IN CNAME nowhere
loop    IN CNAME loop
null    IN MX 0 .
badmx   IN MX 10 -bad-.example.
*.wild  IN A 192.0.2.9
deep.er.wild IN TXT "x"
tlsa    IN TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
odd\@name IN A 192.0.2.77
xn--bcher-kva IN A 192.0.2.78
odd     IN TYPE65280 \# 3 010203
;! servfail broken.example
;! bogus forged.example
;! secure signed.example
signed  60 IN A 192.0.2.80
1.2.0.192.in-addr.arpa. IN PTR first.example.
2.2.0.192.in-addr.arpa. IN PTR liar.example.
3.2.0.192.in-addr.arpa. IN PTR -invalid-.example.
4.2.0.192.in-addr.arpa. IN PTR gone.example.
4.2.0.192.in-addr.arpa. IN PTR four.example.
5.2.0.192.in-addr.arpa. IN PTR x.broken.example.
liar    IN A 192.0.2.99
;! servfail 6.2.0.192.in-addr.arpa
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. IN PTR first.example.
`

var ctx = context.Background()

// both runs a test against the zone itself and against a server that has it.
func both(t *testing.T, test func(t *testing.T, r dns.Resolver)) {
	t.Run("zone", func(t *testing.T) {
		r, err := dns.Zone(strings.NewReader(zoneText), "zone")
		if err != nil {
			t.Fatal(err)
		}
		test(t, r)
	})
	t.Run("server", func(t *testing.T) {
		test(t, dnstest.Start(t, zoneText).Resolver())
	})
	t.Run("mixed case", func(t *testing.T) {
		c := dns.Config{Servers: []netip.AddrPort{dnstest.Start(t, zoneText).Addr()}}
		c.MixCase()
		test(t, dns.New(c))
	})
}

func TestLookups(t *testing.T) {
	look := map[string]func(dns.Resolver, string) (any, error){
		"TXT": func(r dns.Resolver, n string) (any, error) { return r.LookupTXT(ctx, n) },
		"MX":  func(r dns.Resolver, n string) (any, error) { return r.LookupMX(ctx, n) },
		"ip4": func(r dns.Resolver, n string) (any, error) { return r.LookupIP(ctx, "ip4", n) },
		"ip6": func(r dns.Resolver, n string) (any, error) { return r.LookupIP(ctx, "ip6", n) },
		"ip":  func(r dns.Resolver, n string) (any, error) { return r.LookupIP(ctx, "ip", n) },
		"PTR": func(r dns.Resolver, n string) (any, error) { return r.LookupPTR(ctx, netip.MustParseAddr(n)) },
		"CNAME": func(r dns.Resolver, n string) (any, error) {
			return r.LookupCNAME(ctx, n)
		},
		"TLSA": func(r dns.Resolver, n string) (any, error) {
			a, err := r.Query(ctx, n, dns.TypeTLSA)
			return a.Records, err
		},
		"65280": func(r dns.Resolver, n string) (any, error) {
			a, err := r.Query(ctx, n, 65280)
			return a.Records, err
		},
	}
	tests := []struct{ how, name, want string }{
		{"TXT", "example", `["v=spf1 ip4:192.0.2.1 -all" "a\"b\\c\xff\x00;d"]`},
		{"TXT", "EXAMPLE.", `["v=spf1 ip4:192.0.2.1 -all" "a\"b\\c\xff\x00;d"]`},
		{"TXT", "nowhere.example", "nowhere.example TXT: not found"},
		{"MX", "example", `[{"first.example" '\n'} {"first2.example" '\n'} {"second.example" '\x14'}]`},
		{"MX", "null.example", `[{"" '\x00'}]`},
		{"MX", "badmx.example", "badmx.example MX: not found: none of its records is valid"},
		{"ip4", "first.example", `["192.0.2.1" "192.0.2.2"]`},
		{"ip6", "first.example", `["2001:db8::1"]`},
		{"ip", "first.example", `["192.0.2.1" "192.0.2.2" "2001:db8::1"]`},
		{"ip", "four.example", `["192.0.2.4"]`},
		{"ip6", "four.example", "four.example AAAA: not found"},
		{"ip4", "alias.example", `["192.0.2.1" "192.0.2.2"]`},
		{"ip4", "dangling.example", "dangling.example A: not found"},
		{"ip4", "any.thing.wild.example", `["192.0.2.9"]`},
		{"ip4", "er.wild.example", "er.wild.example A: not found"},
		{"ip4", "x.er.wild.example", "x.er.wild.example A: not found"},
		{"ip4", "odd@name.example", `["192.0.2.77"]`},
		{"ip4", "bücher.example", `["192.0.2.78"]`},
		{"ip4", "Bücher.Example", `["192.0.2.78"]`},
		{"ip4", "", " A: not found: not a domain name"},
		{"ip4", "a..b", "a..b A: not found: not a domain name"},
		{"ip4", "a\nb.example", "a?b.example A: not found: not a domain name"},
		{"ip4", strings.Repeat("a", 64) + ".example", strings.Repeat("a", 64) + ".example A: not found: not a domain name"},
		{"PTR", "192.0.2.1", `["first.example"]`},
		{"PTR", "::ffff:192.0.2.1", `["first.example"]`},
		{"PTR", "2001:db8::1", `["first.example"]`},
		{"PTR", "192.0.2.3", "3.2.0.192.in-addr.arpa PTR: not found: none of its records is valid"},
		{"CNAME", "alias.example", `"first.example"`},
		{"CNAME", "first.example", `"first.example"`},
		{"CNAME", "nowhere.example", "nowhere.example CNAME: not found"},
		{"TLSA", "tlsa.example", `[{"tlsa.example" "TLSA" "5m0s" "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}]`},
		{"65280", "odd.example", `[{"odd.example" "TYPE65280" "5m0s" "\\# 3 010203"}]`},
	}
	both(t, func(t *testing.T, r dns.Resolver) {
		for _, tt := range tests {
			v, err := look[tt.how](r, tt.name)
			got := fmt.Sprintf("%q", v)
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%s %q = %s, want %s", tt.how, tt.name, got, tt.want)
			}
		}
	})
}

func TestErrorKinds(t *testing.T) {
	tests := []struct {
		name   string
		kind   error
		noName bool
	}{
		{"nowhere.example", dns.ErrNotFound, true},
		{"null.example", dns.ErrNotFound, false},
		{"broken.example", dns.ErrTemporary, false},
		{"below.broken.example", dns.ErrTemporary, false},
		{"forged.example", dns.ErrBogus, false},
		{"loop.example", dns.ErrTemporary, false},
	}
	both(t, func(t *testing.T, r dns.Resolver) {
		for _, tt := range tests {
			_, err := r.LookupIP(ctx, "ip4", tt.name)
			e, ok := errors.AsType[*dns.Error](err)
			if !ok || !errors.Is(err, tt.kind) || e.NoName != tt.noName {
				t.Errorf("%s: %v (no name: %v), want %v (%v)", tt.name, err, ok && e.NoName, tt.kind, tt.noName)
			}
			if got, want := errors.Is(err, dns.ErrTemporary), tt.kind != dns.ErrNotFound; got != want {
				t.Errorf("%s: temporary %v, want %v", tt.name, got, want)
			}
			if got, want := errors.Is(err, dns.ErrBogus), tt.kind == dns.ErrBogus; got != want {
				t.Errorf("%s: bogus %v, want %v", tt.name, got, want)
			}
		}
	})
}

func TestAuthentic(t *testing.T) {
	both(t, func(t *testing.T, r dns.Resolver) {
		for name, want := range map[string]bool{"signed.example": true, "first.example": false} {
			a, err := r.Query(ctx, name, dns.TypeA)
			if err != nil || a.Authentic != want {
				t.Errorf("%s: authentic %v, %v; want %v", name, a.Authentic, err, want)
			}
		}
	})
}

func TestClientName(t *testing.T) {
	tests := []struct{ addr, name, reverse, err string }{
		{"192.0.2.1", "first.example", "first.example", ""},
		{"::ffff:192.0.2.1", "first.example", "first.example", ""},
		{"2001:db8::1", "first.example", "first.example", ""},
		{"192.0.2.2", "", "liar.example", ""},
		{"192.0.2.3", "", "", ""},
		{"192.0.2.4", "four.example", "gone.example", ""},
		{"192.0.2.200", "", "", ""},
	}
	both(t, func(t *testing.T, r dns.Resolver) {
		for _, tt := range tests {
			name, reverse, err := dns.ClientName(ctx, r, netip.MustParseAddr(tt.addr))
			if name != tt.name || reverse != tt.reverse || err != nil {
				t.Errorf("%s: %q, %q, %v; want %q, %q", tt.addr, name, reverse, err, tt.name, tt.reverse)
			}
		}
		for addr, want := range map[string]string{"192.0.2.5": "x.broken.example", "192.0.2.6": ""} {
			name, reverse, err := dns.ClientName(ctx, r, netip.MustParseAddr(addr))
			if name != "" || reverse != want || !errors.Is(err, dns.ErrTemporary) {
				t.Errorf("%s: %q, %q, %v; want %q and a temporary error", addr, name, reverse, err, want)
			}
		}
	})
}

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
	}
	for _, tt := range tests {
		t.Run(string(tt.fault), func(t *testing.T) {
			t.Parallel()
			s := dnstest.Start(t, zoneText)
			s.Fault("first.example", tt.fault)
			c := dns.Config{Servers: []netip.AddrPort{s.Addr()}, Try: 300 * time.Millisecond, Rounds: 1}
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

func TestFailOver(t *testing.T) {
	good := dnstest.Start(t, zoneText)
	silent := dnstest.Start(t, "")
	silent.Fault(dnstest.All, dnstest.Silent)
	broken := dnstest.Start(t, "")
	broken.Fault(dnstest.All, dnstest.ServFail)
	r := dns.New(dns.Config{
		Servers: []netip.AddrPort{nobody(t), broken.Addr(), silent.Addr(), good.Addr()},
		Try:     200 * time.Millisecond,
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
func nobody(t *testing.T) netip.AddrPort {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// A port that is closed is known at once, not after a time-out.
func TestRefusedAtOnce(t *testing.T) {
	r := dns.New(dns.Config{Servers: []netip.AddrPort{nobody(t)}, Try: 10 * time.Second, Rounds: 1})
	limited, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := r.LookupTXT(limited, "example")
	if !errors.Is(err, dns.ErrTemporary) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v, want connection refused", err)
	}
}

func TestContext(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	s.Fault(dnstest.All, dnstest.Silent)
	r := dns.New(dns.Config{Servers: []netip.AddrPort{s.Addr()}, Try: time.Minute})
	limited, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := r.LookupTXT(limited, "example"); !errors.Is(err, dns.ErrTemporary) {
		t.Errorf("got %v, want a temporary error", err)
	}
}

func TestLimit(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	s.Fault(dnstest.All, dnstest.Silent)
	r := dns.New(dns.Config{Servers: []netip.AddrPort{s.Addr()}, Try: time.Minute, Limit: 50 * time.Millisecond})
	if _, err := r.LookupTXT(ctx, "example"); !errors.Is(err, dns.ErrTemporary) {
		t.Errorf("got %v, want a temporary error", err)
	}
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
	r := dnstest.Start(t, zone.String()).Resolver()
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

func TestSystem(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	dir := t.TempDir()
	hosts := filepath.Join(dir, "hosts")
	write(t, hosts, "192.0.2.50 mail.local mail # comment\n2001:db8::50 mail.local\n192.0.2.51 four\nrubbish\n")
	r := dns.HostsFile(filepath.Join(dir, "none"), hosts)
	for name, want := range map[string]string{
		"MAIL.local": "[192.0.2.50 2001:db8::50] <nil>",
		"mail":       "[192.0.2.50] <nil>",
		"four":       "[192.0.2.51] <nil>",
	} {
		addrs, err := r.LookupIP(ctx, "ip", name)
		if got := fmt.Sprint(addrs, err); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	name, reverse, err := dns.ClientName(ctx, r, netip.MustParseAddr("192.0.2.50"))
	if name != "mail.local" || reverse != "mail.local" || err != nil {
		t.Errorf("ClientName: %q, %q, %v", name, reverse, err)
	}
	_ = s
}

func TestParseServers(t *testing.T) {
	tests := []struct{ in, want string }{
		{"192.0.2.1", "[192.0.2.1:53] <nil>"},
		{"192.0.2.1:5353, 2001:db8::1,[2001:db8::2],[2001:db8::3]:54", "[192.0.2.1:5353 [2001:db8::1]:53 [2001:db8::2]:53 [2001:db8::3]:54] <nil>"},
		{"dns.example", `[] "dns.example" is not the address of a name server`},
		{"192.0.2.1:0", `[] "192.0.2.1:0" is not the address of a name server`},
		{"", `[] "" is not the address of a name server`},
	}
	for _, tt := range tests {
		servers, err := dns.ParseServers(tt.in)
		if got := fmt.Sprint(servers, err); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestZoneErrors(t *testing.T) {
	tests := []struct{ zone, want string }{
		{"a.example. IN A not-an-address\n", "bad A A"},
		{"$INCLUDE /etc/passwd\n", "INCLUDE"},
		{"\n;! explode x.example\n", "z:2: want ;! servfail|bogus|secure name"},
		{";! servfail\n", "z:1: want ;! servfail|bogus|secure name"},
	}
	for _, tt := range tests {
		_, err := dns.Zone(strings.NewReader(tt.zone), "z")
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q in it", tt.zone, err, tt.want)
		}
	}
}

func TestSelect(t *testing.T) {
	file := filepath.Join(t.TempDir(), "zone")
	write(t, file, zoneText)
	r, err := dns.Select("192.0.2.1", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.LookupMX(ctx, "example"); err != nil {
		t.Error(err)
	}
	s := dnstest.Start(t, zoneText)
	if r, err = dns.Select(s.Addr().String(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := r.LookupMX(ctx, "example"); err != nil {
		t.Error(err)
	}
	for _, bad := range [][2]string{{"nonsense", ""}, {"", file + "x"}} {
		if _, err := dns.Select(bad[0], bad[1]); err == nil {
			t.Errorf("Select(%q): no error", bad)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
