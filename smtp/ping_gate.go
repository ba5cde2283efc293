package main

import (
	"context"
	"slices"
)

// enter connects to a destination. Several destinations may lead to the same host,
// which is known only when it answers: if it has as many connections from us as
// it may have, we take leave at once, wait until one of them has ended, and
// connect again.
func (k *pinger) enter(ctx context.Context, to destination) (*link, *failure) {
	for reserved := ""; ; {
		l, down := k.connect(ctx, to)
		if reserved != "" && (down != nil || l.host != reserved) {
			k.gone(reserved)
			reserved = ""
		}
		switch {
		case down != nil:
			return nil, down
		case reserved != "" || k.admit(l.host):
			return l, nil
		}
		l.Quit(ctx)
		if err := k.reserve(ctx, l.host); err != nil {
			return nil, &failure{outcome: unasked("connect", err).outcome}
		}
		reserved = l.host
	}
}

// admit counts a connection to a host, if there may be another one.
func (k *pinger) admit(host string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.live[host] >= k.pings.connections {
		return false
	}
	k.live[host]++
	return true
}

// reserve waits until there may be another connection to a host, and counts it. A
// connection that only waits for another question is ended to make room.
func (k *pinger) reserve(ctx context.Context, host string) error {
	defer context.AfterFunc(ctx, func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.freed.Broadcast()
	})()
	k.mu.Lock()
	defer k.mu.Unlock()
	for k.live[host] >= k.pings.connections {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if i := slices.IndexFunc(k.idle, func(s *inquiry) bool { return s.link.host == host }); i >= 0 {
			k.leave(ctx, k.idle[i])
			k.idle = slices.Delete(k.idle, i, i+1)
		}
		k.freed.Wait()
	}
	k.live[host]++
	return nil
}

// gone counts a connection that has ended.
func (k *pinger) gone(host string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.live[host]--; k.live[host] <= 0 {
		delete(k.live, host)
	}
	k.freed.Broadcast()
}
