package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseDestination(t *testing.T) {
	t.Setenv("gate", "gate.example")
	tests := []struct {
		text string
		want destination
		err  string
	}{
		{"example.org", destination{host: "example.org", mx: true, port: "25"}, ""},
		{"Example.org.", destination{host: "Example.org", mx: true, port: "25"}, ""},
		{"net!example.org", destination{host: "example.org", mx: true, port: "25"}, ""},
		{"net!example.org!smtp", destination{host: "example.org", mx: true, port: "25"}, ""},
		{"net!example.org!2525", destination{host: "example.org", mx: true, port: "2525"}, ""},
		{"tcp!mx.example!submission", destination{host: "mx.example", port: "587"}, ""},
		{"tcp!mx.example", destination{host: "mx.example", port: "25"}, ""},
		{"/net/tcp!mx.example!smtps", destination{host: "mx.example", port: "465"}, ""},
		{"mx.example:2525", destination{host: "mx.example", port: "2525"}, ""},
		{"[mx.example]", destination{host: "mx.example", port: "25"}, ""},
		{"[mx.example]:lmtp", destination{host: "mx.example", port: "24"}, ""},
		{"192.0.2.1", destination{host: "192.0.2.1", port: "25"}, ""},
		{"[192.0.2.1]", destination{host: "192.0.2.1", port: "25"}, ""},
		{"[192.0.2.1]:26", destination{host: "192.0.2.1", port: "26"}, ""},
		{"net![192.0.2.1]!26", destination{host: "192.0.2.1", given: true, port: "26"}, ""},
		{"net![IPv6:::1]", destination{host: "::1", given: true, port: "25"}, ""},
		{"net!127.0.0.1", destination{host: "127.0.0.1", given: true, port: "25"}, ""},
		{"[IPv6:2001:db8::1]", destination{host: "2001:db8::1", port: "25"}, ""},
		{"tcp![IPv6:2001:db8::1]!26", destination{host: "2001:db8::1", port: "26"}, ""},
		{"[2001:db8::1]:26", destination{host: "2001:db8::1", port: "26"}, ""},
		{"2001:db8::1", destination{host: "2001:db8::1", port: "25"}, ""},
		{"::ffff:192.0.2.1", destination{host: "192.0.2.1", port: "25"}, ""},
		{"unix!/run/lmtp", destination{socket: "/run/lmtp", port: "25"}, ""},
		{"unix!/run/a!b", destination{socket: "/run/a!b", port: "25"}, ""},
		{"$gate", destination{host: "gate.example", mx: true, port: "25"}, ""},
		{"tcp!$gate!26", destination{host: "gate.example", port: "26"}, ""},
		{"bücher.example", destination{host: "bücher.example", mx: true, port: "25"}, ""},

		{"", destination{}, "no domain"},
		{"$nothing", destination{}, "no domain"},
		{"a!b!c!d", destination{}, `no network "a"`},
		{"net!a!b!c", destination{}, "too many parts"},
		{"unix!run", destination{}, "begins with a slash"},
		{"mx.example:0", destination{}, `no port "0"`},
		{"mx.example:65536", destination{}, `no port "65536"`},
		{"tcp!mx.example!gopher", destination{}, `no port "gopher"`},
		{"[mx.example", destination{}, "a bracket is missing"},
		{"a b", destination{}, "domain"},
		{"a\r\nQUIT", destination{}, "domain"},
	}
	for _, test := range tests {
		got, err := parseDestination(test.text, "25")
		if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%q: got error %v, want %q", test.text, err, test.err)
			continue
		}
		test.want.text = test.text
		if err == nil && got != test.want {
			t.Errorf("%q: got %+v, want %+v", test.text, got, test.want)
		}
	}
}

func TestDefaultPort(t *testing.T) {
	for port, c := range map[string]config{"25": {}, "24": {lmtp: true}, "465": {tlsFirst: true}} {
		if got := c.defaultPort(); got != port {
			t.Errorf("%+v: got %s, want %s", c, got, port)
		}
	}
}

func TestQualify(t *testing.T) {
	for address, want := range map[string]string{
		"":              "",
		"ann":           "ann@me.test",
		"ann@x.example": "ann@x.example",
		"x.example!ann": "ann@x.example",
		"a!b!ann":       "ann@b",
		"a!ann@b":       "a!ann@b",
		`"a!b"`:         `"a!b"@me.test`,
		"ann%%20b":      "ann b@me.test",
		"100%%":         "100%%@me.test",
		"%%zz":          "%%zz@me.test",
		"%%25%%25":      "%%@me.test",
		"!ann":          "ann@me.test",
	} {
		if got := qualify(address, "me.test"); got != want {
			t.Errorf("%q: got %q, want %q", address, got, want)
		}
	}
}

func TestHostNames(t *testing.T) {
	tests := []struct{ host, suffix, want, err string }{
		{"mx.example", "", "mx.example", ""},
		{"mx.example.", "", "mx.example", ""},
		{"mx", ".example", "mx.example", ""},
		{"mx", ".sys.example", "mx.sys.example", ""},
		{"mx.example", ".other.example", "mx.example", ""},
		{"[192.0.2.1]", "", "[192.0.2.1]", ""},
		{"a b", "", "", "our own name"},
		{"mx\r\nQUIT", "", "", "our own name"},
	}
	for _, test := range tests {
		got, err := (&config{host: test.host, suffix: test.suffix}).findHostname()
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%+v: got %q, %v", test, got, err)
		}
	}
	if _, err := (&config{}).findHostname(); err != nil {
		t.Errorf("the system's: %v", err)
	}
}

func TestInHosts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hosts")
	text := "127.0.0.1 localhost # mx.comment.example\n127.0.1.1 mx mx.sys.example. mx.other.example\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"mx": "mx.sys.example", "m": "m", "localhost": "localhost"} {
		if got := inHosts(file, name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if got := inHosts(file+"x", "mx"); got != "mx" {
		t.Errorf("without a file: got %s", got)
	}
}

func TestDomainify(t *testing.T) {
	for _, test := range []struct{ name, domain, want string }{
		{"host", "sys.ex.com", "host.ex.com"},
		{"host", ".ex.com", "host.ex.com"},
		{"host", "com", "host.com"},
		{"host", "", "host"},
		{"a.b", ".ex.com", "a.b"},
	} {
		if got := domainify(test.name, test.domain); got != test.want {
			t.Errorf("%+v: got %q", test, got)
		}
	}
}

// FuzzDestination wants a destination that was understood to be understood in
// its full form too, as the same.
func FuzzDestination(f *testing.F) {
	for _, text := range []string{"example.org", "net!a!26", "tcp!a!smtp", "[192.0.2.1]:26", "[IPv6:::1]", "net!::1", "::1", "unix!/x", "a:b", "!!", "[[a]]", "0.0.0.0."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDestination(text, "25")
		if err != nil || strings.HasPrefix(d.host, "$") {
			return
		}
		full := "unix!" + d.socket
		if d.socket == "" {
			full = map[bool]string{true: "net!", false: "tcp!"}[d.mx || d.given] + d.host + "!" + d.port
		}
		again, err := parseDestination(full, "25")
		again.text, again.port = d.text, d.port
		if err != nil || again != d {
			t.Errorf("%q: %+v, but %q: %+v, %v", text, d, full, again, err)
		}
	})
}
