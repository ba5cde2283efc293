// Package spf tells whether a host may send mail in the name of a domain, as
// the domain says in the DNS: the Sender Policy Framework, RFC 7208.
//
// A Checker evaluates what domains publish, and a receiver's own rules before,
// after or in place of that. Reading a record (Parse) and evaluating it are two
// things: a record is read once, strictly and to its end, whatever it is used
// for.
package spf

import (
	"context"
	"net/netip"
	"time"

	"postern/lib/dns"
)

// Limits of one evaluation.
const (
	// MaxLookups is how many mechanisms and modifiers that ask the DNS are
	// evaluated: include, a, mx, ptr, exists and redirect (RFC 7208 4.6.4).
	MaxLookups = 10
	// MaxVoids is how many of them may find that there is nothing
	// (RFC 7208 4.6.4).
	MaxVoids = 2
	// MaxNames is how many hosts of one mx are looked up, and how many names
	// of the client (RFC 7208 4.6.4).
	MaxNames = 10
	// Limit is how long a check takes at most (RFC 7208 4.6.4).
	Limit = 20 * time.Second
)

// Checker checks clients. The zero value with a Resolver serves; a Checker may
// be used from several goroutines and is not copied after its first use.
type Checker struct {
	Resolver dns.Resolver
	Rules    Rules            // the receiver's own
	Policy   *Record          // evaluated in place of what domains publish
	Receiver string           // the name of this host, %{r}; "unknown" when ""
	Limit    time.Duration    // of one check; Limit when zero
	MaxVoids int              // of what is published; the constant when zero, negative for no limit
	Now      func() time.Time // time.Now when nil

	records memo
}

// Check tells whether the client with the address ip may send mail from
// sender, which is an address without angle brackets. When sender is empty, the
// null one, the name in helo is checked instead, as postmaster@helo (RFC 7208
// 2.4). A sender without a local part has the local part postmaster (4.3). A
// v4-mapped address counts as IPv4 (5).
func (c *Checker) Check(ctx context.Context, ip netip.Addr, sender, helo string) Result {
	return c.CheckTrace(ctx, ip, sender, helo, nil)
}
