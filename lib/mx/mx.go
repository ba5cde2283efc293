// Package mx finds out where a domain's mail goes (RFC 5321 section 5), dials
// there, and decides what is asked of the host's TLS (DANE, MTA-STS).
package mx

import (
	"context"
	"errors"
	"iter"
	"net/netip"

	"postern/lib/dns"
)

// The kinds of errors, to be asked for with errors.Is.
var (
	// ErrNullMX is a domain that wants no mail (RFC 7505): 556 5.1.10.
	ErrNullMX = errors.New("the domain takes no mail")
	// ErrNoHost is a domain with neither MX nor address, or that does not
	// exist: 550 5.1.2, exit status 68.
	ErrNoHost = errors.New("no such host")
	// ErrLoop is a domain whose best host is this one: 554 5.4.6.
	ErrLoop = errors.New("mail loops back to this host")
	// ErrIllegal is a domain whose hosts have no address, or only such as
	// no mail can go to, loopback among them: 550 5.4.4.
	ErrIllegal = errors.New("no address that mail can go to")
	// ErrTemporary is a question that has no answer for now: 451 4.4.3, exit
	// status 75.
	ErrTemporary = errors.New("temporary error")
)

// Error is why there is no route.
type Error struct {
	Domain string
	Kind   error  // one of the above
	Reason string // in words, "" when the kind says all
}

// Error returns as "example.org: no such host".
func (e *Error) Error() string {
	s := e.Domain + ": " + e.Kind.Error()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

// Options say who we are, and what is not to be done. The zero value is good
// for a host that has one name.
type Options struct {
	Names   []string     // of this host: an MX with one of them is ourselves
	Addrs   []netip.Addr // of this host, besides those of its interfaces
	Busted  []string     // MX names that are left out
	Gateway string       // host to be used for domains with neither MX nor address; "" for none
	// Local lets mail go to loopback and this host's own addresses.
	Local bool
	// Family is "ip4" or "ip6" to use these addresses alone; "" for both.
	Family string
	// Shuffle puts n hosts of one preference in random order; nil for
	// math/rand.
	Shuffle func(n int, swap func(i, j int))
}

// Host is one to which mail may go.
type Host struct {
	Name  string       // "[192.0.2.1]" for a bare address
	Pref  uint16       // of its MX record; 0 without one
	Addrs []netip.Addr // in the order in which to dial (RFC 8305 section 4), at least one
	// Authentic means that DNSSEC vouches for all that led here, MX and
	// addresses.
	Authentic bool
}

// Route is where a domain's mail goes. One goroutine uses it at a time.
type Route struct {
	Domain  string // as it was asked for
	Implied bool   // there is no MX record: the domain itself is the host (RFC 5321 5.1)
	Gateway bool   // there was neither MX nor address
}

// Lookup finds where the mail of a domain goes; the domain may be an address
// literal. The first host is known when it returns, the others are looked up
// when Hosts comes to them. Every error is an *Error.
func Lookup(ctx context.Context, r dns.Resolver, domain string, o Options) (*Route, error) {
	return nil, nil
}

// Direct makes the route to a host that was named as such: there is no
// question for MX, and any address will do, loopback too. The host may be an
// address, in brackets or without.
func Direct(ctx context.Context, r dns.Resolver, host string, o Options) (*Route, error) {
	return nil, nil
}

// Hosts yields the hosts in the order in which they are to be tried. Those that
// have no address are left out; Skipped tells why.
func (r *Route) Hosts(ctx context.Context) iter.Seq[Host] { return nil }

// Skipped returns why hosts were left out so far, for the log.
func (r *Route) Skipped() []error { return nil }
