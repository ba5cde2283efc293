// Package mtasts knows the policies by which domains ask for TLS that is
// verified (MTA-STS, RFC 8461). It reads and keeps them; fetching them by HTTPS
// is the work of the program mtasts(1), which links what no other needs to.
package mtasts

import (
	"context"
	"time"

	"postern/lib/dns"
	"postern/lib/prog"
	"postern/lib/state"
)

// MaxPolicy is the size of the largest policy that is read, in octets
// (RFC 8461 3.3 suggests it).
const MaxPolicy = 64 << 10

// Mode is what a sender is to do with a host that does not prove itself.
type Mode string

// The modes (RFC 8461 section 5).
const (
	Enforce Mode = "enforce" // do not send to it
	Testing Mode = "testing" // send, and say so
	None    Mode = "none"    // there is no policy any more
)

// Policy is what a domain asks of those who send to it.
type Policy struct {
	Mode   Mode
	MX     []string      // patterns of its hosts' names
	MaxAge time.Duration // how long it may be kept
}

// Parse reads the text of a policy (RFC 8461 3.2).
func Parse(text []byte) (Policy, error) { return Policy{}, nil }

// Match reports whether the policy has the host (RFC 8461 4.1).
func (p Policy) Match(host string) bool { return false }

// ID returns the id in a domain's TXT records under _mta-sts (RFC 8461 3.1);
// false when there is no record, or more than one, and so no policy.
func ID(txt []string) (id string, ok bool) { return "", false }

// Finder finds the policies of domains.
type Finder struct {
	Resolver dns.Resolver
	Cache    *state.Cache // nil for none
	// Fetch gets the text of a domain's policy by HTTPS; Program makes one.
	Fetch func(ctx context.Context, domain string) ([]byte, error)
	Now   func() time.Time // nil for time.Now
	// Log is told what went wrong where the policy was found all the same,
	// or mail goes without one (RFC 8461 3.3); nil for nobody.
	Log func(domain string, err error)
}

// Find returns the policy that is in force for mail to a domain, nil when
// there is none. One question is asked of the DNS; Fetch is called only for a
// policy that is new, has changed, or has not been looked at for a day. While
// it fails, the policy that is known stays in force until its time is over.
func (f *Finder) Find(ctx context.Context, domain string) *Policy { return nil }

// Program returns the Fetch of a Finder that runs the sister program mtasts.
func Program(places prog.Places) func(ctx context.Context, domain string) ([]byte, error) {
	return nil
}
