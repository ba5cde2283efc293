package greylist

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
)

// padding makes a text so long that it gets an index. Nobody of it is asked
// about.
func padding() string {
	var b strings.Builder
	for i := range 2 * smallText / 20 {
		fmt.Fprintf(&b, "10.77.%d.%d/32 padding\n", i>>8, i&255)
	}
	return b.String()
}

// TestWhitelist is who is on it. Every row is asked of a short text, which is
// read, and of a long one, by the index.
func TestWhitelist(t *testing.T) {
	ask := Query{Sender: "Ann@News.Example", Recipient: "bob@here.example", SPF: "spf.example", Name: func() string { return "mx.big.example" }}
	const addr, addr6 = "198.51.100.7", "2001:db8:1:2::7"
	tests := []struct {
		text, remote string
		want         bool
	}{
		{"", addr, false},
		{"198.51.100.7\n", addr, true},
		{"198.51.100.7", addr, true},
		{"198.51.100.200 a neighbour\n", addr, true},
		{"198.51.101.7\n", addr, false},
		{"198.51.100.7/32\n", addr, true},
		{"198.51.100.8/32\n", addr, false},
		{"198.51.0.0/16\tname\r\n", addr, true},
		{"198.51\n", addr, true},
		{"0.0.0.0/0\n", addr, true},
		{"0.0.0.0/0\n", addr6, false},
		{"::/0\n", addr, false},
		{"::/0\n", addr6, true},
		{"2001:db8:1:2::1\n", addr6, true},
		{"2001:db8:1:3::1\n", addr6, false},
		{"2001:db8:1:2::7/128\n", addr6, true},
		{"::ffff:198.51.100.0/120\n", addr, true},
		{"#198.51.100.7\n 198.51.100.7\n\t198.51.100.7\n\n", addr, false},
		{"198.51.100.7x\nno net at all\n", addr, false},
		{"198.51.100.7\n!198.51.100.7\n", addr, false},
		{"!198.51.100.7\n198.51.100.7\n", addr, true},
		{"198.51.100.0/24\n!198.51.100.7/32\n", addr, false},
		{"198.51.100.0/24\n!198.51.100.8/32\n", addr, true},
		{"198.51.100.7/32\n!198.51.0.0/16\n", addr, false},
		{".big.example\n", addr, true},
		{".example\n", addr, true},
		{".ig.example\n", addr, false},
		{".big.example\n!.mx.big.example\n", addr, false},
		{"ann@news.example\n", addr, true},
		{"@news.example\n", addr, true},
		{"eve@news.example\n", addr, false},
		{"spf:spf.example\n", addr, true},
		{"spf:news.example\n", addr, false},
		{"to:bob@here.example\n", addr, true},
		{"to:bob@\n", addr, true},
		{"to:@here.example\n", addr, true},
		{"to:eve@\n", addr, false},
		{"@news.example\n!198.51.100.7\n", addr, true},
		{strings.Repeat("x", 70<<10) + "\n198.51.100.7\n", addr, true},
		{"198.51.100.7 " + strings.Repeat("x", maxLine-13) + "\n", addr, true},
		{"198.51.100.7 " + strings.Repeat("x", maxLine-12) + "\n", addr, false},
	}
	for _, tt := range tests {
		for _, before := range []string{"", padding()} {
			s := testStore(t)
			writeWhite(t, s, before+tt.text)
			q := ask
			q.Remote = query(tt.remote, "").Remote
			d, err := s.Look(&q, noon)
			if got := d.State == White; got != tt.want || err != nil {
				t.Errorf("%.60q, text of %d octets: %v, %v; want %v", tt.text, len(before), got, err, tt.want)
			}
			if _, err := os.Stat(s.Dir + "/" + indexName); (err == nil) != (len(before+tt.text) > smallText) {
				t.Errorf("%.60q: index: %v", tt.text, err)
			}
		}
	}
}

func add(t testing.TB, s *Store, subject string) {
	t.Helper()
	e, err := ParseSubject(subject)
	if err == nil {
		err = s.Add(e)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestStats(t *testing.T) {
	s := testStore(t)
	for i, again := range []time.Duration{0, time.Minute, 400 * time.Second, 500 * time.Second, time.Hour} {
		q := query(fmt.Sprintf("10.0.%d.1", i), "bob@example.org")
		s.Check(q, noon)
		if again > 0 {
			s.Check(q, noon.Add(again))
		}
	}
	got, err := s.Stats(context.Background(), noon.Add(time.Hour))
	if err != nil || got.Seen != 5 || got.Retried != 4 || got.Passed != 3 || got.Listed != 3 || got.Median() != 500*time.Second {
		t.Errorf("%+v, median %v, %v", got, got.Median(), err)
	}
}

// TestEntry is a line and what it says.
func TestEntry(t *testing.T) {
	e, err := ParseEntry("192.0.2.1 mx of delay=420 =us since=2026-11-21T12:00:00Z x")
	if err != nil || e.Name != "mx of =us x" || e.Delay != 420*time.Second || !e.Since.Equal(noon) {
		t.Errorf("%+v, %v", e, err)
	}
	if got, want := e.String(), "192.0.2.1 mx of us x since=2026-11-21T12:00:00Z delay=420"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// A client's name is whatever its DNS says.
	addr := netip.MustParseAddr("192.0.2.1")
	for name, want := range map[string]string{
		"mx.example":                  " mx.example",
		"":                            "",
		"\x7f\x1f ":                   "",
		"a\n192.0.2.2\t!b":            " a192.0.2.2!b",
		"a since=2126":                " a since2126",
		strings.Repeat("\u00fc", 200): " " + strings.Repeat("\u00fc", maxName/2),
	} {
		e := Entry{Net: usualNet(addr), bare: addr, Name: name}
		if got, want := e.String(), addr.String()+want; got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func FuzzEntry(f *testing.F) {
	for _, line := range []string{
		"192.0.2.1 mx.example.org since=2026-11-21T12:00:00Z delay=420", "!2001:db8::/32", ".example.org", "a@b", "@b",
		"spf:example.org x", "to:bob@", "10.1", "# c", " x", "::ffff:1.2.3.4/120", "1.2.3.4%", "to:", "!@.", "\n", "\r", "\u00a0",
		".x " + strings.Repeat("a\xff", 300), ".0..", "a@b..", "spf:x..",
		"." + strings.Repeat("\xa0", 300), "." + strings.Repeat("\u023a", 255), "@x." + strings.Repeat("\u00fc\u023a.", 60),
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, err := ParseEntry(line)
		if err != nil {
			return
		}
		text := e.String()
		again, err := ParseEntry(text)
		if strings.ContainsAny(text, "\n\r") {
			t.Fatalf("%q is more than a line", text)
		}
		if err != nil || again.key() != e.key() || again.Withdrawn != e.Withdrawn || !again.Since.Equal(e.Since.Truncate(time.Second)) || again.String() != text {
			t.Fatalf("%q became %q and %+v, %v", line, text, again, err)
		}
	})
}
