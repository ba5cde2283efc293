package main

import (
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"postern/lib/greylist"
	"postern/lib/tool"
)

// FuzzImport: whatever is imported stands on the whitelist as it was
// understood, a line each, and no more of it than the file has lines.
func FuzzImport(f *testing.F) {
	for _, text := range []string{
		"192.0.2.1 mx.example\n!10.0.0.0/8\n 9.9.9.9\nspf:x.example since=2026-11-21T12:00:00Z\n",
		"192.0.2.1#x\n10.1\n.example.org # y\n/^re/\nexample.org\nabuse@\nuser@example.org\n",
		"if !10.0.0.0/8\n192.0.2.1 OK\nendif\n10.1.0.0/16 REJECT x\n 2001:db8::/32 permit\n",
		"format=print\nHEADER=END\n 192.0.2.0/a@x/b@y\n 1700000000,1700000400\n 2001:db8::/64\n 9,1700000000\n ::ffff:1.2.3.4\n 9,0\nDATA=END\n",
		"\v\n\u00a0",
		"HEADER=END\n 3139322e302e322e37\n 392c31373030303030303030\nDATA=END\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for form, read := range readers() {
			im := &importer{job: &job{checker: &checker{config: &config{Config: greylist.NewConfig()}, now: time.Now}, Env: &tool.Env{Stderr: io.Discard}}, file: "file"}
			if err := read(im, strings.NewReader(text)); err != nil {
				continue
			}
			if len(im.entries)+im.left > strings.Count(text, "\n")+2 {
				t.Errorf("%s: %d entries and %d left out of %q", form, len(im.entries), im.left, text)
			}
			for _, e := range im.entries {
				line := e.String()
				again, err := greylist.ParseEntry(line)
				if err != nil || again.String() != line || again.Kind != e.Kind || again.Net != e.Net || again.Withdrawn != e.Withdrawn {
					t.Errorf("%s: %+v is %q, which is %+v, %v", form, e, line, again, err)
				}
			}
		}
	})
}

// FuzzCIDR: an address that the first line of a table with it permits is on the
// whitelist then, where the last line counts, and no other is.
func FuzzCIDR(f *testing.F) {
	f.Add("10.1.2.3 REJECT x\n10.1.0.0/16 OK\n10.0.0.0/8 permit\n0.0.0.0/0 no\n", []byte{10, 1, 2, 3})
	f.Add("\v", []byte{10, 1, 2, 3})
	f.Add("0.0.0.0/0 no\n10.0.0.0/8 OK\n", []byte{10, 1, 2, 3})
	f.Fuzz(func(t *testing.T, text string, octets []byte) {
		im := &importer{job: &job{Env: &tool.Env{Stderr: io.Discard}}, file: "file"}
		a, ok := netip.AddrFromSlice(octets)
		if err := readCIDR(im, strings.NewReader(text)); err != nil || im.left > 0 || !ok || strings.Contains(strings.ToLower(text), "if") {
			return
		}
		want, got := false, false
		for line := range strings.Lines(text) {
			words := strings.Fields(line)
			if len(words) < 2 || strings.ContainsRune("# \t\r", rune(line[0])) {
				continue
			}
			if e, err := exactNet(words[0]); err != nil {
				return
			} else if e.Net.Contains(a) {
				want = strings.EqualFold(words[1], "OK") || strings.EqualFold(words[1], "PERMIT")
				break
			}
		}
		for _, e := range im.entries {
			if e.Net.Contains(a) {
				got = !e.Withdrawn
			}
		}
		if got != want {
			t.Errorf("%q: %s is let pass: %v, want %v", text, a, got, want)
		}
	})
}
