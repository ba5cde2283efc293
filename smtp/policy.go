package main

import (
	"context"
	"os"

	"postern/lib/mtasts"
	"postern/lib/mx"
	"postern/lib/place"
	"postern/lib/smtp"
	"postern/lib/state"
	"postern/lib/tlsconf"
)

// tlsPolicy is what the command line asks of TLS.
func (c *config) tlsPolicy() (tlsconf.Policy, error) {
	p := tlsconf.Policy{Mode: c.tlsMode}
	if p.Mode == tlsconf.None && (c.startTLS || c.tlsFirst) {
		p.Mode = tlsconf.Opportunistic
	}
	if c.pins != "" {
		pins, err := tlsconf.ReadPins(c.pins)
		if err != nil {
			return p, err
		}
		p.Mode, p.Pins = tlsconf.Pinned, pins
	}
	// A secret is worth more than the message that is to follow it.
	if p.Mode == tlsconf.Opportunistic && (c.auth && !c.clear || c.tlsFirst) {
		p.Mode = tlsconf.Encrypt
	}
	return p, nil
}

// security says how TLS with the hosts of a destination is decided on: by what the
// command line asks, by DANE for any host with a name, and by MTA-STS for a
// domain.
func (p *program) security(ctx context.Context, to destination) mx.Security {
	s := mx.Security{Base: p.tls, Prove: p.auth && !p.clear && p.tlsMode != tlsconf.Encrypt}
	if !p.startTLS {
		return s
	}
	s.DANE = !p.noDANE
	if to.mx && !p.noSTS {
		places := place.New(os.Getenv(place.RootEnv))
		finder := mtasts.Finder{
			Resolver: p.dns,
			Cache:    state.Open(places.Lib() + "/state").Cache("mtasts"),
			Fetch:    mtasts.Program(places),
			Log: func(domain string, err error) {
				if ctx.Err() == nil {
					p.trace("MTA-STS of " + domain + ": " + err.Error())
				}
			},
		}
		s.STS = finder.Find(ctx, to.host)
	}
	return s
}

// lookUp finds out where the mail goes, and what the domain asks of TLS. Both
// are asked at once: the second costs no round trip of its own.
func (p *program) lookUp(ctx context.Context, to destination) (*mx.Route, mx.Security, error) {
	ctxSecurity, cancel := context.WithCancel(ctx)
	defer cancel()
	found := make(chan mx.Security, 1)
	go func() { found <- p.security(ctxSecurity, to) }()
	route, err := p.route(ctx, to)
	if err != nil {
		cancel()
	}
	return route, <-found, err
}

// insecure is the failure of a host that was not tried, since its TLS cannot be
// what it has to be.
func insecure(host mx.Host, err error) *failure {
	return &failure{outcome: outcome{
		host:   host.Name,
		reply:  smtp.Say(451, smtp.CryptoFailure, "the next server cannot be verified"),
		reason: err.Error(),
	}}
}
