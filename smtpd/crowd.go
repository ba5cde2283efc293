package main

import (
	"context"
	"errors"
	"strconv"

	"postern/lib/check"
	"postern/lib/conf"
	"postern/lib/maillog"
	"postern/lib/smtp"
	store "postern/lib/state"
)

// crowdLimits are how many sessions there may be at once, in all and of each
// address; 0 is no limit. They are for listeners that do not count sessions, such
// as systemd or inetd: listen counts them itself.
type crowdLimits struct{ all, each int }

// crowdRows are obeyed by listen too, which has defaults of its own.
var crowdRows = []conf.Row[crowdLimits]{
	{Name: "MaxClients", Synonyms: []string{"MaxParallelConnections", "MaxConnections"}, Args: "number", Default: "0",
		Old:   conf.Old{Avenger: "60", ZMailer: "800", Proxsmtpd: "64"},
		Value: func(l *crowdLimits) conf.Value { return conf.Int(&l.all, 0, 1<<20) },
		Help:  "Sessions at once on a port, whoever the clients are; further clients are told to come later (450). listen counts them, 400 unless said. Under systemd, inetd and their like smtpd counts, and there is no limit unless said, which is 0."},
	{Name: "MaxConPerIP", Synonyms: []string{"MaxSameIpSource", "same-ip-source-parallel-max"}, Args: "number", Default: "0",
		Old:   conf.Old{Avenger: "10", ZMailer: "100"},
		Value: func(l *crowdLimits) conf.Value { return conf.Int(&l.each, 0, 1<<20) },
		Help:  "Sessions at once on a port from one address, for IPv6 from one /64, be it trusted or not; further ones are told to come later (450). listen counts them, 50 unless said. Under systemd, inetd and their like smtpd counts, and there is no limit unless said, which is 0."},
}

// enter takes the session's places. The kernel gives them back when the
// process ends, however it does.
func (s *session) enter(ctx context.Context) check.Verdict {
	l := &s.conf.limits.crowd
	if l.all == 0 && l.each == 0 || s.countedOutside() {
		return check.Verdict{}
	}
	port := "sessions:" + strconv.Itoa(int(s.peer.server.Port()))
	if a := s.peer.client.Addr(); a.IsValid() {
		if v := s.takePlace(ctx, "MaxConPerIP", port+":"+store.AddrKey(a), l.each); v.Refused() {
			return v
		}
	}
	return s.takePlace(ctx, "MaxClients", port, l.all)
}

// countedOutside says that the session is not for us to count: our own listen has
// counted it, or it is not with a client of the network.
func (s *session) countedOutside() bool {
	return s.peer.stated.Len() > 0 || s.peer.local || s.peer.submits || s.batch
}

// takePlace takes one of n places, or is why there is none.
func (s *session) takePlace(ctx context.Context, directive, key string, n int) check.Verdict {
	if n == 0 {
		return check.Verdict{}
	}
	slot, err := s.store.Slot(ctx, key, n)
	if err == nil {
		s.places = append(s.places, slot)
		return check.Verdict{}
	}
	v := check.Verdict{Action: check.Defer, Check: directive, Close: true, Reason: err.Error()}
	if !errors.Is(err, store.ErrFull) {
		s.complain(maillog.Err, directive, err)
		v.Reply = smtp.Say(421, smtp.OtherSystem, "local error, try again later")
		return v
	}
	who := "to this server"
	if directive == "MaxConPerIP" {
		who = "from same IP address"
		s.keepOut(directive, crowdFilter)
	}
	v.Reply = smtp.Say(450, smtp.OtherSecurity, "Come again later", "Too many simultaneous connections "+who+" (max "+strconv.Itoa(n)+")")
	return v
}

// leave gives the places back.
func (s *session) leave() {
	for _, p := range s.places {
		p.Release()
	}
}

// crowded is the verdict on a session that is one too many, or whose client
// has made too many errors. It is asked before anything else is found out.
func (s *session) crowded(ctx context.Context) check.Verdict {
	if v := s.tooManyBefore(ctx); v.Refused() {
		return v
	}
	return s.enter(ctx)
}
