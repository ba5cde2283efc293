package netpath

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"postern/lib/state"
)

// TestQueue: the second waits for the first and has its path; when the first
// does not come to an end, it goes ahead.
func TestQueue(t *testing.T) {
	store := state.Open(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		measured := 0
		tracer := Tracer{Store: store, Keep: time.Minute, open: func(Method, netip.AddrPort) (wire, error) {
			measured++
			return &network{hops: line(3), closed: make(chan struct{})}, nil
		}}
		done := tracer.queue(t.Context(), dest)
		began := time.Now()
		p, err := tracer.Trace(t.Context(), dest, 0)
		if took := time.Since(began); err != nil || took != queueLimit+3*hopTime || measured != 1 {
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

// TestQueueOfOthers: other hosts, and other kinds of probes, wait for nobody.
func TestQueueOfOthers(t *testing.T) {
	store := state.Open(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		tracer := Tracer{Store: store}
		tcp := Tracer{Store: store, Method: TCP}
		defer tracer.queue(t.Context(), dest)()
		defer tracer.queue(t.Context(), dest.Next())()
		defer tcp.queue(t.Context(), dest)()
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

// TestSlowStart: one, then twice as many, and whoever gives up keeps nobody
// else from his turn.
func TestSlowStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s slowStart
		ctx, cancel := context.WithCancel(t.Context())
		began, gave := make(chan bool, 40), make(chan bool, 40)
		start := func(ctx context.Context) {
			if s.begin(ctx) != nil {
				gave <- true
				return
			}
			began <- true
		}
		for range 30 {
			go start(t.Context())
		}
		synctest.Wait()
		for range 5 {
			go start(ctx)
		}
		for _, want := range []int{1, 2, 4, 8} {
			synctest.Wait()
			if len(began) != want {
				t.Fatalf("%d began at once, want %d", len(began), want)
			}
			for range want {
				<-began
				s.end()
			}
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		for len(began) > 0 {
			<-began
			s.end()
			synctest.Wait()
		}
		if s.running != 0 || len(s.waiting) != 0 || len(gave) > 5 {
			t.Errorf("%d gave up, %d are counted, %d wait", len(gave), s.running, len(s.waiting))
		}
	})
}

// TestPaceByStore: what one Tracer sends, another with the same store waits for.
func TestPaceByStore(t *testing.T) {
	store := state.Open(t.TempDir())
	synctest.Test(t, func(t *testing.T) {
		one, other, alone := Tracer{Store: store}, Tracer{Store: store}, Tracer{}
		began := time.Now()
		for range burst {
			if err := one.pause(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("the first %d probes took %v", burst, took)
		}
		if err := alone.pause(t.Context(), burst); err != nil || time.Since(began) != 0 {
			t.Errorf("without the store: %v after %v", err, time.Since(began))
		}
		if err := other.pause(t.Context(), Rate/10); err != nil || time.Since(began).Round(time.Millisecond) != 100*time.Millisecond {
			t.Errorf("the other: %v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := other.pause(ctx, Rate); err != ErrBusy {
			t.Errorf("out of time: %v", err)
		}
	})
}

// TestPaceHopeless: what could not be sent in time reserves nothing, so that
// those who have time, or come later, do not wait for probes that nobody sends.
func TestPaceHopeless(t *testing.T) {
	store := state.Open(t.TempDir())
	for _, tt := range []struct {
		name  string
		store *state.Store
	}{{"store", store}, {"none", nil}} {
		synctest.Test(t, func(t *testing.T) {
			tracer := Tracer{Store: tt.store}
			began := time.Now()
			sent, busy := 0, 0
			for range 1000 {
				go func() {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					defer cancel()
					switch err := tracer.pause(ctx, wave); {
					case err == nil:
						sent += wave
					case errors.Is(err, ErrBusy):
						busy++
					default:
						t.Errorf("%s: %v", tt.name, err)
					}
				}()
				synctest.Wait()
			}
			if sure := 1000 - (burst+Rate)/wave; busy != sure {
				t.Errorf("%s: %d were told at once that it is hopeless, want %d", tt.name, busy, sure)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if sent < Rate {
				t.Errorf("%s: %d probes went out", tt.name, sent)
			}
			if err := tracer.pause(t.Context(), 1); err != nil || time.Since(began) > 1100*time.Millisecond {
				t.Errorf("%s: the next one has its turn after %v, %v", tt.name, time.Since(began), err)
			}
		})
	}
}
