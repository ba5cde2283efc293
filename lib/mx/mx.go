// Package mx finds out where a domain's mail goes (RFC 5321 section 5), dials
// there, and decides what is asked of the host's TLS (DANE, MTA-STS).
package mx

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"strings"

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
	Kind   error // one of the above
	Err    error // more about it, mostly a *dns.Error; nil when the kind says all
}

// Error returns as "example.org: no such host".
func (e *Error) Error() string {
	s := e.Domain + ": " + e.Kind.Error()
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the kind and what is known beyond it.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.Err} }

// Options say who we are, and what is not to be done. The zero value is good
// for a host that is nobody's MX.
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
	// Interfaces are the addresses of this host's interfaces; nil for
	// caller.HostAddrs.
	Interfaces func() ([]netip.Addr, error)
}

// Host is one to which mail may go.
type Host struct {
	Name  string       // "[192.0.2.1]" for a bare address
	Pref  uint16       // of its MX record; 0 without one
	Addrs []netip.Addr // in the order in which to dial (RFC 8305 section 4), at least one
	// Authentic means that DNSSEC vouches for all that led here, MX and
	// addresses.
	Authentic bool

	alias  string // its name after CNAMEs
	secure bool   // DNSSEC vouches for the name at least
}

// Route is where a domain's mail goes. One goroutine uses it at a time.
type Route struct {
	Domain  string // as it was asked for
	Implied bool   // there is no MX record: the domain itself is the host (RFC 5321 5.1)
	Gateway bool   // there was neither MX nor address

	resolver dns.Resolver
	options  Options
	named    bool         // the host was named by the operator: no guard
	own      []netip.Addr // this host's addresses; nil before they are needed
	alias    string       // the domain after its CNAMEs
	groups   [][]target   // hosts of one preference each, not looked up yet
	hosts    []Host       // looked up, with addresses
	skipped  []error
	looped   bool // hosts were dropped because one of them is ourselves
}

// Lookup finds where the mail of a domain goes; the domain may be an address
// literal. The first host is known when it returns, the others are looked up
// when Hosts comes to them. Every error is an *Error.
func Lookup(ctx context.Context, r dns.Resolver, domain string, o Options) (*Route, error) {
	route := &Route{Domain: domain, resolver: r, options: o}
	if strings.HasPrefix(domain, "[") {
		addr, ok := parseLiteral(domain)
		if !ok {
			return nil, &Error{domain, ErrNoHost, errBadLiteral}
		}
		route.literal(addr)
	} else if err := route.exchangers(ctx); err != nil {
		return nil, err
	}
	err := route.first(ctx)
	if errors.Is(err, ErrNoHost) && o.Gateway != "" {
		return route.gateway(ctx)
	}
	if err != nil {
		return nil, err
	}
	return route, nil
}

// Direct makes the route to a host that was named as such: there is no
// question for MX, and any address will do, loopback too. The host may be an
// address, in brackets or without.
func Direct(ctx context.Context, r dns.Resolver, host string, o Options) (*Route, error) {
	route := &Route{Domain: host, resolver: r, options: o, named: true}
	if addr, ok := parseAddress(host); ok {
		route.literal(addr)
	} else {
		name := dns.ToASCII(host)
		route.groups = [][]target{{{name: name, authentic: true}}}
	}
	if err := route.first(ctx); err != nil {
		return nil, err
	}
	return route, nil
}

// gateway makes the route of a domain that has neither MX nor address.
func (r *Route) gateway(ctx context.Context) (*Route, error) {
	route, err := Direct(ctx, r.resolver, r.options.Gateway, r.options)
	if err != nil {
		// Why our own gateway is not found is no fault of the domain's.
		return nil, &Error{r.Domain, ErrTemporary, err}
	}
	route.Domain, route.Gateway = r.Domain, true
	return route, nil
}

// Hosts yields the hosts in the order in which they are to be tried. Those that
// have no address are left out; Skipped tells why.
func (r *Route) Hosts(ctx context.Context) iter.Seq[Host] {
	return func(yield func(Host) bool) {
		for i := 0; ; i++ {
			for i == len(r.hosts) {
				if len(r.groups) == 0 || ctx.Err() != nil {
					return
				}
				r.resolve(ctx)
			}
			if !yield(r.hosts[i]) {
				return
			}
		}
	}
}

// Skipped returns why hosts were left out so far, for the log.
func (r *Route) Skipped() []error { return r.skipped }

// first looks hosts up until there is one, and says why there is none.
func (r *Route) first(ctx context.Context) error {
	for range r.Hosts(ctx) {
		return nil
	}
	return r.verdict(ctx)
}

// verdict is the error of a route that has no host.
func (r *Route) verdict(ctx context.Context) error {
	for _, err := range append(r.skipped, ctx.Err()) {
		if errors.Is(err, dns.ErrTemporary) || err != nil && err == ctx.Err() {
			return &Error{r.Domain, ErrTemporary, err}
		}
	}
	switch {
	case r.looped:
		return &Error{r.Domain, ErrLoop, nil}
	case len(r.skipped) == 0:
		return &Error{r.Domain, ErrIllegal, nil}
	case errors.Is(r.skipped[0], dns.ErrNotFound) && (r.Implied || r.named):
		return &Error{r.Domain, ErrNoHost, nil}
	}
	return &Error{r.Domain, ErrIllegal, r.skipped[0]}
}
