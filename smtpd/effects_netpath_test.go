package main

import (
	"net/netip"
	"testing"
	"time"

	"postern/lib/netpath"
	store "postern/lib/state"
)

// knownPath puts a path to the client of these tests where netpath(1) keeps
// those that it has found.
func knownPath(t *testing.T, in *instance) {
	p := netpath.Path{
		Dest: netip.MustParseAddr("192.0.2.7"), Port: netpath.PortUDP, Time: time.Now().Add(-time.Minute), End: netpath.Reached,
		Hops: []netpath.Hop{answeredBy("10.0.0.1"), {}, answeredBy("192.0.2.7")},
	}
	cache := store.Open(in.conf.places.Lib() + "/state").Cache("netpath")
	if err := cache.Put("192.0.2.7", []byte(p.String()), p.Time, time.Hour); err != nil {
		t.Fatal(err)
	}
}

func answeredBy(addr string) netpath.Hop {
	return netpath.Hop{Answers: []netpath.Answer{{Addr: netip.MustParseAddr(addr), RTT: time.Millisecond}}}
}

// pathEffects are those of looking for paths.
func pathEffects() []effect {
	mail := hi + wholeMail + bye
	return []effect{
		{directive: "NetPath", lines: []string{"NetPath 1"}, before: knownPath, talk: mail,
			mail: "network-hops=3; network-path=10.0.0.1 *; network-path-time=", log: `network_hops=3 network_path="10.0.0.1 *" network_path_time=`},
		{directive: "NetPath", before: knownPath, talk: mail, behind: lacks("network-")},
		{directive: "NetPath", lines: []string{"NetPath 1", "TrustedNet 192.0.2.0/24"}, before: knownPath, talk: mail, behind: lacks("network-")},
	}
}
