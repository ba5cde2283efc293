package main

import (
	"context"
	"strings"

	"postern/lib/check"
	"postern/lib/smtp"
)

// routed is the verdict on a source route (RFC 5321 appendix C) when routes are
// kept for the mailer (AllowSourceRoute). The mailer may obey the route, so that
// strangers may name no other host in it.
func (s *session) routed(ctx context.Context, route string) check.Verdict {
	if route == "" || !s.conf.wire.sourceRoutes || s.facts.Trusted {
		return check.Verdict{}
	}
	for _, hop := range strings.Split(route, ",") {
		host := smtp.Mailbox{Local: "postmaster", Domain: strings.TrimPrefix(hop, "@")}
		if p, err := s.presence(ctx, host); err != nil || p == check.Remote {
			return check.Verdict{Action: check.Reject, Check: "source-route", Reason: "a route through other hosts",
				Reply: smtp.Say(550, smtp.NotAuthorized, "no mail is routed for you here")}
		}
	}
	return check.Verdict{}
}

// keepRoute keeps the route of the recipient that was just taken, or returns
// what to say of its being dropped.
func (s *session) keepRoute(route string) string {
	n := len(s.tx.env.Recipients)
	switch {
	case route == "":
		return ""
	case !s.conf.wire.sourceRoutes:
		return ", source route ignored"
	}
	for len(s.tx.routes) < n {
		s.tx.routes = append(s.tx.routes, "")
	}
	s.tx.routes[n-1] = route + ":"
	return ""
}

// route is what stands in front of recipient i for the mailer.
func (t *transaction) route(i int) string {
	if i < len(t.routes) {
		return t.routes[i]
	}
	return ""
}
