package main

import (
	"context"
	"errors"
	"time"

	"postern/lib/conf"
	"postern/lib/maillog"
	"postern/lib/netpath"
	"postern/lib/record"
	"postern/lib/synfp"
)

const (
	// pathWait is how long the path to a client is looked for, from the
	// beginning of its session.
	pathWait = 2 * time.Second
	// pathAge is how old a path may be that another session found.
	pathAge = 10 * time.Minute
)

var netPathRows = []conf.Row[config]{
	{Name: "NetPath", Args: "[0|1]", Default: "0", Old: conf.Old{Avenger: "1"},
		Value: func(c *config) conf.Value { return conf.Bool(&c.netPath) },
		Help:  "Find the routers between here and clients that are not trusted, and note them in the log and in X-Avenger. They are looked for from the beginning of the session, for at most 2 seconds; of all replies only the one to DATA or BDAT waits, since X-Avenger stands in front of the message. Off, since the probes show clients that they are looked at, some take them for an attack, and the field shows our own network to all who get the mail."},
}

// lookForPath begins to look for the path to the client.
func (s *session) lookForPath() *inquiry[netpath.Path] {
	if !s.conf.netPath || !s.fromOutside() {
		return nil
	}
	client, likely := s.peer.client.Addr(), s.likelyHops()
	return inquire(s.server, "netpath", pathWait, func(ctx context.Context) netpath.Path {
		complain := func(err error) { s.complain(maillog.Warning, "netpath", err) }
		tracer := netpath.Tracer{Store: s.store, Keep: pathAge, Share: true, Likely: likely, Complain: complain}
		p, err := tracer.Trace(ctx, client, 0)
		if err != nil && ctx.Err() == nil && !errors.Is(err, netpath.ErrAddress) && !errors.Is(err, netpath.ErrBusy) {
			complain(err)
		}
		return p
	})
}

// likelyHops is how far away the client is if its packets come the way that ours
// go, by the SYN that the kernel kept; 0 when it kept none.
func (s *session) likelyHops() int {
	f, err := synfp.Parse(s.rec.Value("syn_fingerprint"))
	if err != nil {
		return 0
	}
	return f.Hops() + 1
}

// peekPath notes the path when it is known by now.
func (s *session) peekPath(r *record.Record) {
	if s.path.over() {
		s.waitPath(r)
	}
}

// waitPath notes the path.
func (s *session) waitPath(r *record.Record) {
	p := s.path.wait()
	p.Record(r, 0)
}
