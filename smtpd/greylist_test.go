package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A visit is a client that comes at a time with mail for a recipient, and what
// it is told.
type visit struct {
	at           time.Duration
	client, rcpt string
	want         string // of the reply
}

const (
	cameNew   = "451 4.7.1 you are new here, try again in 300 seconds*"
	cameEarly = "451 4.7.1 you are new here, try again in *"
	passes    = "250 *"
)

// TestGreylistRules is upas's rules on the wire, and what users ask of
// greylisting beyond.
func TestGreylistRules(t *testing.T) {
	const (
		a, near, far = "198.51.100.7", "198.51.100.8", "203.0.113.1"
		bob, alice   = "bob@mx.test", "alice@mx.test"
		hour         = time.Hour
	)
	tests := []struct {
		name   string
		lines  []string
		visits []visit
	}{
		{"comes again at once", nil, []visit{{0, a, bob, cameNew}, {0, a, bob, cameNew}}},
		{"comes again too early", nil, []visit{{0, a, bob, cameNew}, {299 * time.Second, a, bob, cameEarly}}},
		{"comes again in time", nil, []visit{{0, a, bob, cameNew}, {300 * time.Second, a, bob, passes}, {301 * time.Second, a, bob, passes}}},
		{"an early try does not count against it", nil, []visit{{0, a, bob, cameNew}, {hour / 20, a, bob, cameEarly}, {301 * time.Second, a, bob, passes}}},
		{"after half a day", nil, []visit{{0, a, bob, cameNew}, {14 * hour, a, bob, passes}}},
		{"too late begins anew", nil, []visit{{0, a, bob, cameNew}, {14*hour + time.Second, a, bob, cameNew}, {15 * hour, a, bob, passes}}},
		{"another recipient", nil, []visit{{0, a, bob, cameNew}, {hour, a, alice, cameNew}, {hour, a, bob, passes}, {hour, a, alice, passes}}},
		{"a neighbour", nil, []visit{{0, a, bob, cameNew}, {hour, near, bob, cameNew}, {hour, a, bob, passes}, {hour, near, alice, passes}, {hour, far, bob, cameNew}}},
		{"one /64", nil, []visit{{0, "2001:db8::1", bob, cameNew}, {hour, "2001:db8::2", bob, passes}, {hour, "2001:db8:0:1::1", bob, cameNew}}},
		{"by /24", []string{"GreylistKey net"}, []visit{{0, a, bob, cameNew}, {hour, near, bob, passes}}},
		{"the postmaster", nil, []visit{{0, a, "postmaster@mx.test", passes}, {0, a, "Postmaster", passes}}},
		{"other times", []string{"GreylistDelay 10m", "GreylistWindow 1h"}, []visit{
			{0, a, bob, "451 4.7.1 *in 600 seconds*"}, {301 * time.Second, a, bob, "451 4.7.1 *in 299 seconds*"}, {hour, a, bob, passes}, {hour, far, bob, "451 *"}, {3 * hour, far, bob, "451 *in 600 seconds*"}}},
		{"only learning", []string{"Greylist learn"}, []visit{{0, a, bob, passes}}},
		{"a trusted network", []string{"TrustedNet 198.51.100.0/24"}, []visit{{0, a, bob, passes}, {0, far, bob, cameNew}}},
		{"a clock set back", nil, []visit{{72 * hour, a, bob, cameNew}, {0, a, bob, cameNew}, {hour, a, bob, passes}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := newInstanceOf(t, &flags{greylist: true}, tt.lines...)
			first := time.Now()
			for _, v := range tt.visits {
				in.now = func() time.Time { return first.Add(v.at) }
				talk(t, in, clientAt(v.client), hi+fromA+"C: RCPT TO:<"+v.rcpt+">\nS: "+v.want+"\n"+bye)
			}
		})
	}
}

// clientAt is a stranger of another address.
func clientAt(addr string) peer {
	p := stranger
	p.client = netip.AddrPortFrom(netip.MustParseAddr(addr), 4242)
	return p
}

// TestGreylistGoesOn: the session goes on after a recipient was told to come
// again, and others get the message; the log says what the lists said.
func TestGreylistGoesOn(t *testing.T) {
	in := newInstanceOf(t, &flags{greylist: true})
	talk(t, in, stranger, hi+fromA+"C: RCPT TO:<bob@mx.test>\nS: "+cameNew+"\nC: DATA\nS: 5*\nC: RSET\nS: 250 *\n"+
		fromA+"C: RCPT TO:<bob@mx.test>\nS: "+cameEarly+"\nC: RCPT TO:<postmaster@mx.test>\nS: 250 *\n"+sendText+"S: 250 *\n"+bye)
	for user, want := range map[string]int{"bob": 0, "postmaster": 1} {
		got, err := os.ReadDir(filepath.Join(in.conf.places.Mail(), user, "new"))
		if err != nil || len(got) != want {
			t.Errorf("%s has %d messages, %v; want %d", user, len(got), err, want)
		}
	}
	for _, want := range []string{"greylist=new greylist_wait=300", "check=greylist"} {
		if !strings.Contains(in.log.String(), want) {
			t.Errorf("the log does not say %s:\n%s", want, in.log)
		}
	}
}

// TestGreylistWhitelist: a client that comes again is written down, with when and
// after how long.
func TestGreylistWhitelist(t *testing.T) {
	in := newInstanceOf(t, &flags{greylist: true})
	first := time.Now()
	in.now = func() time.Time { return first }
	talk(t, in, stranger, hi+fromA+"C: RCPT TO:<bob@mx.test>\nS: "+cameNew+"\n"+bye)
	in.now = func() time.Time { return first.Add(6 * time.Minute) }
	talk(t, in, stranger, hi+wholeMail+bye)
	list, err := in.conf.openGreylist().Whitelist(nil)
	if err != nil || len(list) != 1 || list[0].Delay != 6*time.Minute || list[0].Subject() != "192.0.2.7" {
		t.Errorf("the whitelist is %v, %v", list, err)
	}
}

// TestGreylistLogin: who has logged in is no stranger.
func TestGreylistLogin(t *testing.T) {
	in := newInstanceOf(t, &flags{greylist: true}, "Users users", "AuthPlainClear 1")
	write(t, filepath.Join(in.conf.etcDir, "users"), []byte("ann:{PLAIN}secret\n"))
	talk(t, in, stranger, hi+asAnn+wholeMail+bye)
	talk(t, in, stranger, hi+fromA+"C: RCPT TO:<bob@mx.test>\nS: "+cameNew+"\n"+bye)
}

// TestGreylistReleased: an operator lets a sender pass, and a domain that SPF
// lets send from anywhere comes again from anywhere.
func TestGreylistReleased(t *testing.T) {
	f := &flags{greylist: true}
	f.zone = filepath.Join(t.TempDir(), "zone")
	write(t, f.zone, []byte("client.example. TXT \"v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 -all\"\n"))
	in := newInstanceOf(t, f, "SPF 1", "GreylistSPF 1")
	first := time.Now()
	in.now = func() time.Time { return first }
	tried := func(reply string) string { return hi + fromA + "C: RCPT TO:<bob@mx.test>\nS: " + reply + "\n" + bye }
	talk(t, in, clientAt("198.51.100.7"), tried(cameNew))
	in.now = func() time.Time { return first.Add(time.Hour) }
	talk(t, in, clientAt("203.0.113.9"), tried(passes))
	talk(t, in, clientAt("198.51.100.99"), tried(passes))
	other := hi + "C: MAIL FROM:<eve@none.example>\nS: 250 *\nC: RCPT TO:<bob@mx.test>\nS: "
	talk(t, in, clientAt("198.51.100.7"), other+cameNew+"\n"+bye)
	text, err := os.ReadFile(filepath.Join(in.conf.greylist.Dir, "whitelist"))
	if err != nil || !strings.HasPrefix(string(text), "spf:client.example ") {
		t.Errorf("the whitelist is %q, %v", text, err)
	}
	write(t, filepath.Join(in.conf.greylist.Dir, "whitelist"), append(text, "eve@none.example since=2026-11-21T12:00:00Z\n"...))
	talk(t, in, clientAt("198.51.100.7"), other+passes+"\n"+bye)
}

// TestGreylistUnusable: lists that cannot be used keep nobody away, and the log
// says why.
func TestGreylistUnusable(t *testing.T) {
	in := newInstanceOf(t, &flags{greylist: true})
	write(t, in.conf.greylist.Dir, []byte("no folder"))
	talk(t, in, stranger, hi+wholeMail+bye)
	if n := countLines(in, "not a directory"); n != 1 || countLines(in, "check=greylist") == 0 {
		t.Errorf("%d lines of the log say why:\n%s", n, in.log)
	}
}
