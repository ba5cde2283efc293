package main

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"postern/lib/filter"
	"postern/lib/place"
)

// Whoever has too many connections is to be kept out, and that is asked for
// once in a while.
func TestAsksForFilter(t *testing.T) {
	root := t.TempDir()
	var log strings.Builder
	c := defaultConfig(new(flags), place.New(root))
	now := time.Now().Truncate(time.Second)
	s := newServer(c, openJournal(c, &log, false), -1)
	s.now = func() time.Time { return now }
	dir := root + "/var/lib/postern/filter"
	client := netip.MustParseAddr("192.0.2.1")
	ask := func(want int) []filter.Entry {
		t.Helper()
		for _, key := range []netip.Addr{client, netip.MustParseAddr("127.0.0.1"), {}} {
			s.keepOut(key)
		}
		list, err := filter.List(dir)
		if err != nil || len(list) != want {
			t.Fatalf("%v, %v; want %d", list, err, want)
		}
		return list
	}
	ask(0) // without SMTPFilter
	c.filter = []string{"smtp-filter.nft"}
	c.trustedDomains = []string{"friend.example"}
	ask(0) // it might be a friend
	c.trustedDomains = nil
	if got := ask(1)[0]; got.Net.Addr() != client || !got.Expires.Equal(now.Add(filterTime)) || got.Reason != "MaxConPerIP" {
		t.Errorf("asked for %v", got)
	}
	if err := filter.Remove(dir, filter.Entry{Net: filter.Net(client)}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(filterTime / 4)
	ask(0)
	now = now.Add(filterTime / 2)
	ask(1)
	for i := range 2 * maxAsked {
		s.asked[netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})] = now
	}
	s.keepOut(netip.MustParseAddr("192.0.2.2"))
	if len(s.asked) > maxAsked {
		t.Errorf("%d clients are remembered", len(s.asked))
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.keepOut(netip.MustParseAddr("192.0.2.3"))
	if !strings.Contains(log.String(), dir) {
		t.Errorf("log: %q", log.String())
	}
}
