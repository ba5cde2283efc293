package netpath

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"postern/lib/state"
)

func TestPace(t *testing.T) {
	now := time.Unix(1e9, 0)
	var p pacer
	for i, want := range []time.Duration{-burst + 60, 20, 80, 140} {
		if got := p.take(now, 60, time.Minute).wait; got != want*time.Millisecond && i != 0 || i == 0 && got > 0 {
			t.Errorf("the %dth 60 probes wait %v, want %v", i+1, got, want*time.Millisecond)
		}
	}
	if got, want := p.take(now, 60, 199*time.Millisecond), (turn{wait: time.Millisecond}); got != want {
		t.Errorf("in a millisecond more there was room: %v", got)
	}
	if got, want := p.take(now.Add(time.Hour), burst, 0), (turn{reserved: true}); got != want {
		t.Errorf("after a pause a burst waits %v", got)
	}
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
			var sent, busy atomic.Int64
			for range 1000 {
				go func() {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					defer cancel()
					switch err := tracer.pause(ctx, wave); {
					case err == nil:
						sent.Add(wave)
					case errors.Is(err, ErrBusy):
						busy.Add(1)
					default:
						t.Errorf("%s: %v", tt.name, err)
					}
				}()
				synctest.Wait()
			}
			if sure := 1000 - (burst+Rate)/wave; busy.Load() != int64(sure) {
				t.Errorf("%s: %d were told at once that it is hopeless, want %d", tt.name, busy.Load(), sure)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if sent.Load() < Rate {
				t.Errorf("%s: %d probes went out", tt.name, sent.Load())
			}
			if err := tracer.pause(t.Context(), 1); err != nil || time.Since(began) > 1100*time.Millisecond {
				t.Errorf("%s: the next one has its turn after %v, %v", tt.name, time.Since(began), err)
			}
		})
	}
}
