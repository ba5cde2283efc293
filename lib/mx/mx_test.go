package mx_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postern/lib/dns"
	"postern/lib/dnstest"
	"postern/lib/mx"
)

const zone = `
$TTL 300
three.example.   IN MX 20 c.three.example.
three.example.   IN MX 10 A.three.example.
three.example.   IN MX 10 b.three.example.
a.three.example. IN A 192.0.2.1
b.three.example. IN A 192.0.2.2
b.three.example. IN AAAA 2001:db8::2
c.three.example. IN A 192.0.2.3
c.three.example. IN A 192.0.2.4
c.three.example. IN AAAA 2001:db8::3
c.three.example. IN AAAA 2001:db8::4
c.three.example. IN AAAA 2001:db8::5
alias.example.   IN CNAME three.example.
implied.example. IN A 192.0.2.9
null.example.    IN MX 0 .
null.example.    IN A 192.0.2.9
nullish.example. IN MX 0 .
nullish.example. IN MX 5 a.three.example.
text.example.    IN TXT "no host"
twice.example.   IN MX 20 a.three.example.
twice.example.   IN MX 20 implied.example.
twice.example.   IN MX 10 A.three.example.
numbers.example. IN MX 5 192.0.2.1.
gone.example.    IN MX 5 nowhere.example.
gone2.example.   IN MX 5 nowhere.example.
gone2.example.   IN MX 6 implied.example.
hidden.example.  IN MX 5 alias2.example.
alias2.example.  IN CNAME a.three.example.
local.example.   IN MX 5 home.example.
home.example.    IN A 127.0.0.2
home.example.    IN AAAA ::1
mixed.example.   IN MX 5 half.example.
half.example.    IN A 0.1.2.3
half.example.    IN A 192.0.2.7
metadata.example. IN A 169.254.169.254
us10.example.    IN MX 10 us.example.
us10.example.    IN MX 20 a.three.example.
us.example.      IN A 192.0.2.50
nat.example.     IN MX 10 a.three.example.
nat.example.     IN MX 20 b.three.example.
nat.example.     IN MX 20 nat.us.example.
nat.example.     IN MX 30 c.three.example.
nat.us.example.  IN A 192.0.2.60
us20.example.    IN MX 10 a.three.example.
us20.example.    IN MX 20 b.three.example.
us20.example.    IN MX 20 us.example.
us20.example.    IN MX 30 c.three.example.
masked.example.  IN MX 10 a.three.example.
masked.example.  IN MX 20 b.three.example.
masked.example.  IN MX 20 other-name-of-us.example.
masked.example.  IN MX 30 c.three.example.
other-name-of-us.example. IN A 192.0.2.50
interface.example. IN A 192.0.2.51
down.example.    IN MX 5 x.broken.example.
halfdown.example. IN MX 5 x.broken.example.
halfdown.example. IN MX 6 implied.example.
;! servfail broken.example
`

var ctx = context.Background()

// lonely is a host whose interfaces have one address, 192.0.2.51.
var lonely = mx.Options{Interfaces: func() ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.51")}, nil
}}

// unshuffled keeps hosts of one preference in the order of the zone.
func unshuffled(int, func(i, j int)) {}

func resolver(t testing.TB, zone string) dns.Resolver {
	t.Helper()
	r, err := dns.Zone(strings.NewReader(zone), "zone")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// show is a route as the tables have it: hosts in their order.
func show(route *mx.Route, err error) string {
	if err != nil {
		return err.Error()
	}
	var hosts []string
	for h := range route.Hosts(ctx) {
		hosts = append(hosts, fmt.Sprintf("%s/%d%v", h.Name, h.Pref, h.Addrs))
	}
	return strings.Join(hosts, " ")
}

func TestLookup(t *testing.T) {
	us := mx.Options{Names: []string{"US.example.", "nat.us.example"}, Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.50")}}
	tests := []struct {
		domain  string
		options mx.Options
		want    string
		kind    error
	}{
		{"three.example", mx.Options{}, "a.three.example/10[192.0.2.1] b.three.example/10[2001:db8::2 192.0.2.2] c.three.example/20[2001:db8::3 192.0.2.3 2001:db8::4 192.0.2.4 2001:db8::5]", nil},
		{"Three.Example.", mx.Options{Family: "ip4"}, "a.three.example/10[192.0.2.1] b.three.example/10[192.0.2.2] c.three.example/20[192.0.2.3 192.0.2.4]", nil},
		{"three.example", mx.Options{Family: "ip6"}, "b.three.example/10[2001:db8::2] c.three.example/20[2001:db8::3 2001:db8::4 2001:db8::5]", nil},
		{"alias.example", mx.Options{Family: "ip4"}, "a.three.example/10[192.0.2.1] b.three.example/10[192.0.2.2] c.three.example/20[192.0.2.3 192.0.2.4]", nil},
		{"three.example", mx.Options{Busted: []string{"A.THREE.EXAMPLE.", "c.three.example"}}, "b.three.example/10[2001:db8::2 192.0.2.2]", nil},
		{"hidden.example", mx.Options{Busted: []string{"alias2.example."}}, "hidden.example: temporary error: every host is one that is left out", mx.ErrTemporary},
		{"hidden.example", mx.Options{}, "alias2.example/5[192.0.2.1]", nil},
		{"implied.example", mx.Options{}, "implied.example/0[192.0.2.9]", nil},

		{"null.example", mx.Options{Gateway: "implied.example"}, "null.example: the domain takes no mail", mx.ErrNullMX},
		{"nullish.example", mx.Options{}, "a.three.example/5[192.0.2.1]", nil},
		{"twice.example", mx.Options{}, "a.three.example/10[192.0.2.1] implied.example/20[192.0.2.9]", nil},
		{"nowhere.example", mx.Options{}, "nowhere.example: no such host", mx.ErrNoHost},
		{"text.example", mx.Options{}, "text.example: no such host", mx.ErrNoHost},
		{"numbers.example", mx.Options{}, "numbers.example: no address that mail can go to: no MX record has the name of a host", mx.ErrIllegal},
		{"gone.example", mx.Options{Gateway: "implied.example"}, "gone.example: no address that mail can go to: nowhere.example A: not found", mx.ErrIllegal},
		{"gone2.example", mx.Options{}, "implied.example/6[192.0.2.9]", nil},

		{"nowhere.example", mx.Options{Gateway: "implied.example"}, "implied.example/0[192.0.2.9]", nil},
		{"nowhere.example", mx.Options{Gateway: "127.0.0.1"}, "[127.0.0.1]/0[127.0.0.1]", nil},
		{"text.example", mx.Options{Gateway: "[192.0.2.1]"}, "[192.0.2.1]/0[192.0.2.1]", nil},
		{"nowhere.example", mx.Options{Gateway: "gone.example"}, "nowhere.example: temporary error: gone.example: no such host", mx.ErrTemporary},
		{"broken.example", mx.Options{Gateway: "implied.example"}, "broken.example: temporary error: broken.example MX: temporary error: the zone file says so", mx.ErrTemporary},

		{"local.example", mx.Options{}, "local.example: no address that mail can go to: home.example: no address that mail can go to", mx.ErrIllegal},
		{"local.example", mx.Options{Local: true}, "home.example/5[::1 127.0.0.2]", nil},
		{"mixed.example", mx.Options{}, "half.example/5[192.0.2.7]", nil},
		{"metadata.example", mx.Options{}, "metadata.example: no address that mail can go to: metadata.example: no address that mail can go to", mx.ErrIllegal},

		{"us10.example", us, "us10.example: mail loops back to this host", mx.ErrLoop},
		{"us.example", us, "us.example: mail loops back to this host", mx.ErrLoop},
		{"other-name-of-us.example", us, "other-name-of-us.example: mail loops back to this host", mx.ErrLoop},
		{"interface.example", mx.Options{}, "interface.example: mail loops back to this host", mx.ErrLoop},
		{"us20.example", us, "a.three.example/10[192.0.2.1]", nil},
		{"nat.example", us, "a.three.example/10[192.0.2.1]", nil},
		{"masked.example", us, "a.three.example/10[192.0.2.1]", nil},
		{"masked.example", mx.Options{Addrs: us.Addrs, Local: true, Family: "ip4"}, "a.three.example/10[192.0.2.1] b.three.example/20[192.0.2.2] other-name-of-us.example/20[192.0.2.50] c.three.example/30[192.0.2.3 192.0.2.4]", nil},

		{"down.example", mx.Options{}, "down.example: temporary error: x.broken.example A: temporary error: the zone file says so", mx.ErrTemporary},
		{"halfdown.example", mx.Options{}, "implied.example/6[192.0.2.9]", nil},

		{"[192.0.2.1]", mx.Options{}, "[192.0.2.1]/0[192.0.2.1]", nil},
		{"[IPv6:2001:db8::1]", mx.Options{}, "[2001:db8::1]/0[2001:db8::1]", nil},
		{"[ipv6:::ffff:192.0.2.1]", mx.Options{}, "[192.0.2.1]/0[192.0.2.1]", nil},
		{"[127.0.0.1]", mx.Options{}, "[127.0.0.1]: no address that mail can go to: [127.0.0.1]: no address that mail can go to", mx.ErrIllegal},
		{"[192.0.2.50]", us, "[192.0.2.50]: mail loops back to this host", mx.ErrLoop},
		{"[three.example]", mx.Options{Gateway: "implied.example"}, "[three.example]: no such host: not an address literal", mx.ErrNoHost},
	}
	r := resolver(t, zone)
	for _, tt := range tests {
		t.Run(tt.domain, func(t *testing.T) {
			tt.options.Shuffle, tt.options.Interfaces = unshuffled, lonely.Interfaces
			route, err := mx.Lookup(ctx, r, tt.domain, tt.options)
			wantError(t, err, tt.kind)
			// Which of the two families' questions failed first is chance.
			got := strings.ReplaceAll(show(route, err), " AAAA:", " A:")
			if got != tt.want {
				t.Errorf("%s %+v:\n%s\nwant\n%s", tt.domain, tt.options, got, tt.want)
			}
		})
	}
}

func TestLegal(t *testing.T) {
	for addr, want := range map[string]bool{
		"192.0.2.1": true, "10.0.0.1": true, "2001:db8::1": true, "fd00::1": true,
		"127.0.0.2": false, "::1": false, "0.0.0.0": false, "0.1.2.3": false, "::": false,
		"169.254.1.1": false, "fe80::1": false, "224.0.0.25": false, "239.255.255.255": false,
		"ff01::1": false, "ff0e::1": false, "255.255.255.255": false,
	} {
		if got := mx.Legal(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v, want %v", addr, got, want)
		}
	}
}

func wantError(t *testing.T, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error %v is not %v", err, kind)
	}
	if e, ok := errors.AsType[*mx.Error](err); kind != nil && (!ok || e.Kind != kind) {
		t.Errorf("%#v is not an Error of this kind", err)
	}
}

func TestDirect(t *testing.T) {
	tests := []struct{ host, want string }{
		{"c.three.example", "c.three.example/0[2001:db8::3 192.0.2.3 2001:db8::4 192.0.2.4 2001:db8::5]"},
		{"Home.Example.", "home.example/0[::1 127.0.0.2]"},
		{"127.0.0.1", "[127.0.0.1]/0[127.0.0.1]"},
		{"[::1]", "[::1]/0[::1]"},
		{"::1", "[::1]/0[::1]"},
		{"nowhere.example", "nowhere.example: no such host"},
		{"three.example", "three.example: no such host"},
		{"x.broken.example", "x.broken.example: temporary error: x.broken.example A: temporary error: the zone file says so"},
	}
	r := resolver(t, zone)
	for _, tt := range tests {
		got := strings.ReplaceAll(show(mx.Direct(ctx, r, tt.host, mx.Options{Names: []string{"home.example"}})), " AAAA:", " A:")
		if got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.host, got, tt.want)
		}
	}
}

// Hosts of one preference are asked for together, those of the next only when
// they are needed.
func TestQuestions(t *testing.T) {
	s := dnstest.Start(t, zone)
	route, err := mx.Lookup(ctx, s.Resolver(), "three.example", lonely)
	if err != nil {
		t.Fatal(err)
	}
	first := sorted(s.Asked())
	want := []string{"a.three.example A", "a.three.example AAAA", "b.three.example A", "b.three.example AAAA", "three.example MX"}
	if !slices.Equal(first, want) {
		t.Errorf("Lookup asked %q, want %q", first, want)
	}
	for range 2 {
		n := 0
		for range route.Hosts(ctx) {
			n++
		}
		if all := s.Asked(); n != 3 || len(all) != 7 {
			t.Errorf("%d hosts, asked %q", n, all)
		}
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

// A server that never answers to AAAA costs some patience, and no mail.
func TestSilentFamily(t *testing.T) {
	r := dns.Func(func(ctx context.Context, name string, q dns.Type) (dns.Answer, error) {
		switch q {
		case dns.TypeA:
			return dns.Answer{Name: name, Records: []dns.Record{{Name: name, Type: q, Data: "192.0.2.1"}}}, nil
		case dns.TypeAAAA:
			<-ctx.Done()
			return dns.Answer{}, &dns.Error{Name: name, Type: q, Kind: dns.ErrTemporary, Reason: "gave up waiting"}
		}
		return dns.Answer{}, &dns.Error{Name: name, Type: q, Kind: dns.ErrNotFound}
	})
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		got := fmt.Sprint(show(mx.Lookup(ctx, r, "example", lonely)), " after ", time.Since(begin))
		if want := "example/0[192.0.2.1] after 3s"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// Not all of thousands of hosts and addresses are looked at.
func TestBounds(t *testing.T) {
	var z strings.Builder
	for i := range 300 {
		fmt.Fprintf(&z, "many.example. IN MX 10 h%d.many.example.\nh%[1]d.many.example. IN A 192.0.2.1\n", i)
		fmt.Fprintf(&z, "wide.example. IN A 192.0.%d.%d\n", i/250, i%250)
	}
	s := dnstest.Start(t, z.String())
	route, err := mx.Lookup(ctx, s.Resolver(), "many.example", lonely)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range route.Hosts(ctx) {
		n++
	}
	// The MX records come by TCP, when it is asked the second time.
	if asked := slices.Compact(sorted(s.Asked())); n != 10 || len(asked) != 1+2*10 {
		t.Errorf("%d hosts, %d questions; want 10 and 21", n, len(asked))
	}
	route, err = mx.Lookup(ctx, s.Resolver(), "wide.example", lonely)
	if err != nil {
		t.Fatal(err)
	}
	for h := range route.Hosts(ctx) {
		if len(h.Addrs) != 8 {
			t.Errorf("%d addresses, want 8", len(h.Addrs))
		}
	}
}

// Hosts of one preference share the load.
func TestShuffle(t *testing.T) {
	r := resolver(t, zone)
	first := make(map[string]int)
	for range 200 {
		route, err := mx.Lookup(ctx, r, "three.example", lonely)
		if err != nil {
			t.Fatal(err)
		}
		for h := range route.Hosts(ctx) {
			first[h.Name]++
			break
		}
	}
	if first["a.three.example"] == 0 || first["b.three.example"] == 0 || len(first) != 2 {
		t.Errorf("first hosts: %v", first)
	}
}

func TestSkipped(t *testing.T) {
	route, err := mx.Lookup(ctx, resolver(t, zone), "gone2.example", mx.Options{Family: "ip4", Interfaces: lonely.Interfaces})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(route.Skipped()), "[nowhere.example A: not found]"; got != want {
		t.Errorf("skipped %s, want %s", got, want)
	}
}

// When time is over nothing is said about the domain.
func TestOutOfTime(t *testing.T) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	s := dnstest.Start(t, zone)
	for _, domain := range []string{"three.example", "nowhere.example", "[192.0.2.1]"} {
		_, err := mx.Lookup(ctx, s.Resolver(), domain, mx.Options{})
		if domain[0] == '[' {
			if err != nil {
				t.Errorf("%s: %v", domain, err)
			}
			continue
		}
		wantError(t, err, mx.ErrTemporary)
	}
}

// Whatever stands behind the @ of an address, there is a route or an error of
// one of the kinds, and no address that the guard refuses.
func FuzzLookup(f *testing.F) {
	for _, domain := range []string{"three.example", "[192.0.2.1]", "[IPv6:::1]", "[", "Bücher.example", "a..b", "", ".", "\xff"} {
		f.Add(domain)
	}
	r := resolver(f, zone)
	f.Fuzz(func(t *testing.T, domain string) {
		route, err := mx.Lookup(ctx, r, domain, lonely)
		if e, ok := errors.AsType[*mx.Error](err); err != nil && (!ok || e.Kind == nil || e.Domain != domain) {
			t.Errorf("%q: %v", domain, err)
		}
		if err != nil {
			return
		}
		for h := range route.Hosts(ctx) {
			if len(h.Addrs) == 0 || slices.ContainsFunc(h.Addrs, func(a netip.Addr) bool { return !mx.Legal(a) }) {
				t.Errorf("%q: %+v", domain, h)
			}
		}
	})
}
