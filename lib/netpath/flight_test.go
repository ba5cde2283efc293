package netpath

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"postern/lib/state"
)

// TestClaim: the second waits for the first and has its path; when the first
// does not come to an end, it goes ahead.
func TestClaim(t *testing.T) {
	store := state.Open(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		measured := 0
		tracer := Tracer{Store: store, Keep: time.Minute, open: func(Method, netip.AddrPort) (wire, error) {
			measured++
			return &network{hops: line(3), closed: make(chan struct{})}, nil
		}}
		done := tracer.claim(t.Context(), dest)
		began := time.Now()
		p, err := tracer.Trace(t.Context(), dest, 0)
		if took := time.Since(began); err != nil || took != claimLimit+3*hopTime || measured != 1 {
			t.Errorf("behind one that hangs: %v, %v after %v, %d measured", p.String(), err, took, measured)
		}
		done()
		found := make(chan Path)
		other := netip.MustParseAddr("192.0.2.251")
		for range 9 {
			go func() {
				p, _ := tracer.Trace(t.Context(), other, 0)
				found <- p
			}()
		}
		cached := 0
		first := <-found
		for range 8 {
			p := <-found
			if p.Cached {
				cached++
			}
			if p.String() != first.String() {
				t.Errorf("got %v and %v", p.String(), first.String())
			}
		}
		if measured != 2 || cached != 8 {
			t.Errorf("%d measured, %d were told", measured, cached)
		}
	})
}

// TestClaimOfOthers: other hosts, and other kinds of probes, wait for nobody.
func TestClaimOfOthers(t *testing.T) {
	store := state.Open(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		tracer := Tracer{Store: store}
		tcp := Tracer{Store: store, Method: TCP}
		defer tracer.claim(t.Context(), dest)()
		defer tracer.claim(t.Context(), dest.Next())()
		defer tcp.claim(t.Context(), dest)()
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
}

// TestNoStore: a store that cannot be used is as good as none.
func TestNoStore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	store := state.Open(filepath.Join(file, "state"))
	synctest.Test(t, func(t *testing.T) {
		complaints := 0
		tracer := Tracer{Store: store, Keep: time.Minute, Share: true, Complain: func(error) { complaints++ }, open: func(Method, netip.AddrPort) (wire, error) {
			return &network{hops: line(3), closed: make(chan struct{})}, nil
		}}
		for range 2 {
			p, err := tracer.Trace(t.Context(), dest, 0)
			if err != nil || p.Cached || p.Took != 3*hopTime {
				t.Errorf("got %v, %v", p.String(), err)
			}
		}
		if complaints != 1 {
			t.Errorf("%d complaints", complaints)
		}
	})
}
