package dns_test

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"postern/lib/dns"
	"postern/lib/dnstest"
)

func TestSystem(t *testing.T) {
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
}

// What a domain publishes does not depend on what stands in /etc/hosts, recorded
// or not.
func TestPublished(t *testing.T) {
	s := dnstest.Start(t, "host.example. 60 A 192.0.2.1\n")
	hosts := filepath.Join(t.TempDir(), "hosts")
	write(t, hosts, "127.0.1.1 host.example host\n")
	system := dns.SystemOf(s.Addr(), hosts)
	for name, r := range map[string]dns.Resolver{"system": system, "recorder": dns.NewRecorder(system, io.Discard)} {
		for want, r := range map[string]dns.Resolver{"[127.0.1.1]": r, "[192.0.2.1]": dns.Published(r)} {
			addrs, err := r.LookupIP(ctx, "ip4", "host.example")
			if got := fmt.Sprint(addrs); got != want || err != nil {
				t.Errorf("%s: %s, %v, want %s", name, got, err, want)
			}
		}
		both := dns.QueryAll(ctx, dns.Published(r), []dns.Question{{Name: "host.example", Type: dns.TypeA}, {Name: "host.example", Type: dns.TypeAAAA}})
		if addrs := both[0].Answer.Addrs(); fmt.Sprint(addrs) != "[192.0.2.1]" {
			t.Errorf("%s: %v, %v", name, addrs, both[0].Err)
		}
	}
	if plain := s.Resolver(); dns.Published(plain) == nil {
		t.Error("a resolver without such a file is lost")
	}
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

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
