package dns_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

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
