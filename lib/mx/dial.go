package mx

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// Dialer connects to hosts. Zero fields have the defaults that stand beside
// them.
type Dialer struct {
	Stagger time.Duration // before the next address is tried too (RFC 8305 section 5); 250 ms
	Limit   time.Duration // for all addresses of a host together; 30 s
	Source  []netip.Addr  // to connect from, the first of the right family; the kernel's choice
	// Connect connects to one address; nil for a net.Dialer.
	Connect func(ctx context.Context, network, address string) (net.Conn, error)
}

// Dial connects to the first address of the host that answers. The addresses
// are tried in their order, the next one when the one before has failed or is
// slow. The error is a *DialError.
func (d Dialer) Dial(ctx context.Context, h Host, port uint16) (net.Conn, error) { return nil, nil }

// DialError is a host to which there is no connection.
type DialError struct {
	Host string
	Errs []error // one for each address that was tried, a net.OpError mostly
}

// Error has all of them.
func (e *DialError) Error() string { return e.Host }

// Unwrap returns what went wrong with each address.
func (e *DialError) Unwrap() []error { return e.Errs }
