package dns_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/dns"
	"postern/lib/dnstest"
)

// asked are questions of all kinds, more than are sent at once, some twice.
func asked() []dns.Question {
	var list []dns.Question
	for range 2 {
		for _, q := range recorded {
			list = append(list, dns.Question{Name: q.name, Type: q.t})
		}
		list = append(list, dns.Question{Name: "a..b", Type: dns.TypeA})
	}
	return list
}

// Whoever is asked, and whatever goes wrong, all together are answered as one by
// one.
func TestQueryAll(t *testing.T) {
	for _, fault := range []dnstest.Fault{dnstest.None, dnstest.ServFail, dnstest.Silent, dnstest.Truncate, dnstest.NoEDNS, dnstest.Garbage, dnstest.WrongID} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			s := dnstest.Start(t, zoneText)
			s.Fault("first.example", fault)
			s.Fault("example", fault)
			config := dns.Config{Servers: []netip.AddrPort{s.Addr()}, Try: 200 * time.Millisecond, Rounds: 1}
			want := oneByOne(dns.New(config))
			compareAll(t, dns.New(config), want)
			compareAll(t, dns.NewRecorder(dns.New(config), io.Discard), want)
			direct := config
			direct.Direct = true
			compareAll(t, dns.New(direct), want)
			if fault == dnstest.None || fault == dnstest.ServFail {
				config.TCP = true
				compareAll(t, dns.New(config), want)
			}
		})
	}
}

// oneByOne gives the answer to each question.
func oneByOne(r dns.Resolver) map[dns.Question]string {
	answers := make(map[dns.Question]string)
	for _, q := range asked() {
		if _, ok := answers[q]; !ok {
			a, err := r.Query(ctx, q.Name, q.Type)
			answers[q] = fmt.Sprint(a.Name, a.Records, err)
		}
	}
	return answers
}

func compareAll(t *testing.T, r dns.Resolver, want map[dns.Question]string) {
	t.Helper()
	for i, reply := range dns.QueryAll(ctx, r, asked()) {
		q := asked()[i]
		got := fmt.Sprint(reply.Answer.Name, reply.Answer.Records, reply.Err)
		if strings.Contains(want[q], "SERVFAIL") && strings.Contains(got, "bogus answer") {
			continue // without EDNS a server cannot say so
		}
		if got != want[q] {
			t.Errorf("%v\n got %s\nwant %s", q, got, want[q])
		}
	}
}

func TestQueryAllAsksHosts(t *testing.T) {
	dir := t.TempDir()
	hosts := filepath.Join(dir, "hosts")
	write(t, hosts, "192.0.2.50 first.example\n192.0.2.51 second.example\n")
	r := dns.HostsFile(filepath.Join(dir, "none"), hosts)
	replies := dns.QueryAll(ctx, r, []dns.Question{{Name: "first.example", Type: dns.TypeA}, {Name: "second.example", Type: dns.TypeA}})
	got := fmt.Sprint(replies[0].Answer.Addrs(), replies[1].Answer.Addrs())
	if want := "[192.0.2.50] [192.0.2.51]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Many askers of several questions each get their answers through a window that
// holds only a few.
func TestWindow(t *testing.T) {
	var zone strings.Builder
	for i := range 400 {
		fmt.Fprintf(&zone, "n%d.example. IN A 192.0.2.%d\n", i, i%256)
	}
	s := dnstest.Start(t, zone.String())
	for _, window := range []int{1, 5, 128} {
		r := dns.New(dns.Config{Servers: []netip.AddrPort{s.Addr()}, Window: window, Cache: -1})
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				var list []dns.Question
				for j := range 4 {
					list = append(list, dns.Question{Name: fmt.Sprintf("n%d.example", 4*i+j), Type: dns.TypeA})
				}
				for j, reply := range dns.QueryAll(ctx, r, list) {
					want := fmt.Sprintf("[192.0.2.%d]", (4*i+j)%256)
					if got := fmt.Sprint(reply.Answer.Addrs()); got != want {
						t.Errorf("window %d, n%d: %s, %v, want %s", window, 4*i+j, got, reply.Err, want)
					}
				}
			})
		}
		wg.Wait()
	}
}

// Who waits for room gives up in time, and leaves the room to others.
func TestWindowGivesUp(t *testing.T) {
	s := dnstest.Start(t, zoneText)
	s.Fault("first.example", dnstest.Slow)
	r := dns.New(dns.Config{Servers: []netip.AddrPort{s.Addr()}, Window: 1})
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := r.LookupIP(ctx, "ip4", "first.example"); err != nil {
			t.Error(err)
		}
	})
	for len(s.Asked()) == 0 {
		time.Sleep(time.Millisecond)
	}
	limited, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := r.LookupMX(limited, "example"); err == nil || !strings.Contains(err.Error(), "gave up waiting") {
		t.Errorf("got %v", err)
	}
	if _, err := r.LookupMX(ctx, "example"); err != nil {
		t.Error(err)
	}
	wg.Wait()
}
