package netpath

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"postern/lib/state"
)

const (
	// claimLimit is how long a path that somebody else measures is waited for.
	claimLimit = 1500 * time.Millisecond
	// claimPoll is how often is looked whether he has done.
	claimPoll = 10 * time.Millisecond
)

// claim waits until nobody else who shares the store measures the path to a
// host, and lets nobody else do so until release is called. After claimLimit, or
// with a store that cannot be used, it goes ahead.
func (t *Tracer) claim(ctx context.Context, dest netip.Addr) (release func()) {
	ctx, cancel := context.WithTimeout(ctx, claimLimit)
	defer cancel()
	for {
		slot, err := t.Store.Slot(ctx, cacheName+":"+t.key(dest), 1)
		if err == nil {
			return slot.Release
		}
		if !errors.Is(err, state.ErrFull) && ctx.Err() == nil {
			t.failed(err)
			return func() {}
		}
		if sleep(ctx, claimPoll) != nil {
			return func() {}
		}
	}
}
