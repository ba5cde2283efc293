package mx

import (
	"context"
	"errors"

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
}

// Policy decides what is asked of the host's TLS at port. DANE wins over
// MTA-STS (RFC 8461 section 2). The error is ErrTLSA or ErrNotInPolicy.
func (s Security) Policy(ctx context.Context, r dns.Resolver, route *Route, h Host, port uint16) (tlsconf.Policy, error) {
	return s.Base, nil
}
