package mx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postern/lib/dns"
	"postern/lib/mtasts"
	"postern/lib/tlsconf"
)

// Reasons to leave a host out. Both are temporary: the next host is tried.
var (
	// ErrTLSA is a host whose TLSA records cannot be had, so that nobody
	// knows how to verify it (RFC 7672 2.1.1): 451 4.7.5.
	ErrTLSA = errors.New("its TLSA records cannot be looked up")
	// ErrNotInPolicy is a host that the domain's MTA-STS policy does not
	// name (RFC 8461 4.1): 451 4.7.5.
	ErrNotInPolicy = errors.New("the domain's MTA-STS policy does not name it")
)

// Security is how TLS with a domain's hosts is decided on.
type Security struct {
	// Base is what the operator asks for. Where its mode is Opportunistic or
	// Encrypt, DANE and STS ask for more; any other mode stands as it is.
	// ServerName and Names are filled in where they are empty.
	Base tlsconf.Policy
	// DANE says to look for TLSA records of hosts that are Authentic.
	DANE bool
	// STS is the domain's MTA-STS policy, nil for none; see mtasts.Finder.
	STS *mtasts.Policy
	// Prove has every host prove who it is, because it will be told a secret:
	// by WebPKI where nothing else says how.
	Prove bool
}

// Policy decides what is asked of the host's TLS at port. DANE wins over
// MTA-STS (RFC 8461 section 2). The error is ErrTLSA or ErrNotInPolicy.
func (s Security) Policy(ctx context.Context, r dns.Resolver, route *Route, h Host, port uint16) (tlsconf.Policy, error) {
	p, err := s.asked(ctx, r, route, h, port)
	if s.Prove && (p.Mode < tlsconf.WebPKI || p.Testing) {
		p.Mode, p.Testing = tlsconf.WebPKI, false
	}
	return p, err
}

// asked is Policy, whether there will be a secret or not.
func (s Security) asked(ctx context.Context, r dns.Resolver, route *Route, h Host, port uint16) (tlsconf.Policy, error) {
	p := s.named(h)
	if p.Mode != tlsconf.Opportunistic && p.Mode != tlsconf.Encrypt {
		return p, nil
	}
	if s.DANE {
		records, base, err := h.tlsa(ctx, r, port)
		if err != nil {
			return p, fmt.Errorf("%s: %w: %w", h.Name, ErrTLSA, err)
		}
		switch {
		case slices.ContainsFunc(records, tlsconf.TLSA.Usable):
			p.Mode, p.TLSA = tlsconf.DANE, records
			p.ServerName, p.Names = base, route.references(h, base) // RFC 7672 8.1, 3.2.2
			return p, nil
		case len(records) > 0:
			// TLS in any case, though nothing to hold it against (RFC 7672 2.2).
			p.Mode = tlsconf.Encrypt
		}
	}
	if s.STS == nil || s.STS.Mode == mtasts.None || !route.public() {
		return p, nil
	}
	return s.sts(p, h)
}

// named is the operator's policy for the host.
func (s Security) named(h Host) tlsconf.Policy {
	p := s.Base
	name := strings.Trim(h.Name, "[]")
	if p.ServerName == "" {
		p.ServerName = name
	}
	if len(p.Names) == 0 {
		p.Names = []string{name}
	}
	return p
}

// sts is the policy of a host of a domain that has an MTA-STS policy
// (RFC 8461 4.1 and 4.2).
func (s Security) sts(p tlsconf.Policy, h Host) (tlsconf.Policy, error) {
	listed := s.STS.Match(h.Name)
	switch {
	case s.STS.Mode == mtasts.Enforce && !listed:
		return p, fmt.Errorf("%s: %w", h.Name, ErrNotInPolicy)
	case s.STS.Mode == mtasts.Enforce:
		p.Mode = tlsconf.STS
	case listed && p.Mode == tlsconf.Opportunistic:
		p.Mode, p.Testing = tlsconf.STS, true
	}
	return p, nil
}

// public reports whether the route is the domain's own word, and so the
// domain's policy counts.
func (r *Route) public() bool { return !r.named && !r.Gateway }
