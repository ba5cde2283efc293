package dns_test

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"postern/lib/dns"
	"postern/lib/dnstest"
	"postern/lib/e2e"
)

const nsdZone = `@ IN MX  20 second
@       IN MX  10 first
@       IN TXT "v=spf1 " "a\"b\\c\255;d"
first   IN A   192.0.2.1
first   IN AAAA 2001:db8::1
alias   IN CNAME first
*.wild  IN A   192.0.2.9
`

// startNSD runs NLnet Labs' name server with nsdZone and big.example, which
// has more TXT records than a datagram holds.
func startNSD(t testing.TB) netip.AddrPort {
	t.Helper()
	zone := nsdZone
	for i := range 60 {
		zone += fmt.Sprintf("big IN TXT \"%d %s\"\n", i, strings.Repeat("x", 200))
	}
	return dnstest.StartNSD(t, e2e.Need, dnstest.Zone{Name: "example", Text: zone})
}

func TestAgainstNSD(t *testing.T) {
	addr := startNSD(t)
	for _, byTCP := range []bool{false, true} {
		c := dns.Config{Servers: []netip.AddrPort{addr}, TCP: byTCP}
		c.MixCase()
		r := dns.New(c)
		mx, err1 := r.LookupMX(ctx, "example")
		txt, err2 := r.LookupTXT(ctx, "example")
		ip, err3 := r.LookupIP(ctx, "ip", "alias.example")
		wild, err4 := r.LookupIP(ctx, "ip4", "a.b.wild.example")
		big, err5 := r.LookupTXT(ctx, "big.example")
		_, err6 := r.LookupTXT(ctx, "nowhere.example")
		_, err7 := r.LookupTXT(ctx, "other.zone")
		got := fmt.Sprintf("%v %v\n%q %v\n%v %v\n%v %v\n%d %v\n%v\n%v",
			mx, err1, txt, err2, ip, err3, wild, err4, len(big), err5, err6, err7)
		want := fmt.Sprintf(`[{first.example 10} {second.example 20}] <nil>
["v=spf1 a\"b\\c\xff;d"] <nil>
[192.0.2.1 2001:db8::1] <nil>
[192.0.2.9] <nil>
60 <nil>
nowhere.example TXT: not found
other.zone TXT: temporary error: %s answers REFUSED`, addr)
		if got != want {
			t.Errorf("by TCP %v:\n%s\nwant\n%s", byTCP, got, want)
		}
	}
}

// The real files of this host can be read.
func TestFromSystem(t *testing.T) {
	if _, err := os.Stat("/etc/hosts"); err != nil {
		e2e.Missing(t, "no /etc/hosts")
	}
	addrs, err := dns.FromSystem().LookupIP(ctx, "ip4", "localhost")
	if err != nil || len(addrs) == 0 || !addrs[0].IsLoopback() {
		t.Errorf("localhost: %v, %v", addrs, err)
	}
}

// Questions about names that nobody has asked for yet, 16 at once.
func BenchmarkQuestions(b *testing.B) {
	r := dns.New(dns.Config{Servers: []netip.AddrPort{startNSD(b)}, Cache: -1})
	var n atomic.Int64
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := r.LookupIP(ctx, "ip4", fmt.Sprintf("n%d.wild.example", n.Add(1))); err != nil {
				b.Error(err)
			}
		}
	})
}
