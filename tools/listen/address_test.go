package main

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"25", ";25"},
		{":25", ";25"},
		{"*:25", ";25"},
		{"*", ""},
		{"any", ""},
		{"any6", "::"},
		{"any6:25", "::;25"},
		{"192.0.2.1", "192.0.2.1"},
		{"192.0.2.1:0", "192.0.2.1;0"},
		{"[192.0.2.1]", "192.0.2.1"},
		{"[0.0.0.0]", "0.0.0.0"},
		{"[192.0.2.1]:2525", "192.0.2.1;2525"},
		{"::", "::"},
		{"2001:db8::1", "2001:db8::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]:465", "2001:db8::1;465"},
		{"[IPv6:2001:db8::1]:465", "2001:db8::1;465"},
		{"[IPv6.0::0]", "::"},
		{"[ipv6.::1]", "::1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"fe80::1%eth0", "fe80::1%eth0"},
		{"iface:eth0", "iface eth0"},
		{"iface:eth0:25", "iface eth0;25"},
		{"tcp!*!25", ";25"},
		{"tcp!192.0.2.1!25", "192.0.2.1;25"},
		{"tcp!2001:db8::1!25", "2001:db8::1;25"},
		{"/run/x:25", "unix /run/x:25"},
		{"unix:x.sock", "unix x.sock"},
	} {
		a, err := parseAddress(tt.text)
		if err != nil {
			t.Errorf("parseAddress(%q): %v", tt.text, err)
			continue
		}
		if got := a.short(); got != tt.want {
			t.Errorf("parseAddress(%q) = %s, want %s", tt.text, got, tt.want)
		}
	}
}

// short is all that is in an address.
func (a address) short() string {
	var s string
	switch {
	case a.path != "":
		s = "unix " + a.path
	case a.iface != "":
		s = "iface " + a.iface
	case a.ip.IsValid():
		s = a.ip.String()
	}
	if a.ported {
		s += ";" + itoa(int(a.port))
	}
	return s
}

func TestParseAddressRefuses(t *testing.T) {
	for _, text := range []string{
		"", "mx.example.org", "mx.example.org:25", "192.0.2.1:", "192.0.2.1:smtp", "192.0.2.1:65536", "192.0.2.1:-1",
		"192.0.2", "[::1", "[]:25x", "iface:", "unix:", "tcp!", "tcp!x!25", "[IPv6:]:25", "::1:99999x", "smtpd",
	} {
		if a, err := parseAddress(text); err == nil {
			t.Errorf("parseAddress(%q) = %+v", text, a)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"25", "[IPv6:::1]:25", "iface:lo:0", "tcp!*!25", "unix:x", "192.0.2.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseAddress(s)
		if err != nil || a.path != "" || a.iface != "" {
			return
		}
		// What was read can be written, and is read as the same.
		text := "*"
		if a.ip.IsValid() {
			text = "[" + a.ip.String() + "]"
		}
		if a.ported {
			text += ":" + itoa(int(a.port))
		}
		b, err := parseAddress(text)
		if err != nil || b.short() != a.short() {
			t.Errorf("%q is %s; %q is %s, %v", s, a.short(), text, b.short(), err)
		}
	})
}

func TestEndpoints(t *testing.T) {
	both := families{true, true}
	for _, tt := range []struct {
		addresses string
		families  families
		want      string // or the error
	}{
		{"*", both, "[::]:25 0.0.0.0:25"},
		{"*", families{v4: true}, "0.0.0.0:25"},
		{"*", families{v6: true}, "[::]:25"},
		{"192.0.2.1 192.0.2.1:25 192.0.2.1:26", both, "192.0.2.1:25 192.0.2.1:26"},
		{"* any6", both, "[::]:25 0.0.0.0:25"},
		{"any6", families{v4: true}, "any6: not an address of the family asked for"},
		{"/a /a unix:b", both, "/a b"},
		{"127.0.0.1:0 127.0.0.1:0", both, "127.0.0.1:0 127.0.0.1:0"},
	} {
		var list []address
		for _, text := range strings.Fields(tt.addresses) {
			a, err := parseAddress(text)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, a)
		}
		var got []string
		all, err := endpoints(list, 25, tt.families)
		for _, e := range all {
			got = append(got, e.String())
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("endpoints(%s) = %s, want %s", tt.addresses, got, tt.want)
		}
	}
}
