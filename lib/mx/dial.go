package mx

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"strings"
	"time"
)

// What a Dialer does when nothing else is said.
const (
	stagger   = 250 * time.Millisecond // RFC 8305 section 5
	dialLimit = 30 * time.Second
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
func (d Dialer) Dial(ctx context.Context, h Host, port uint16) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(d.Limit, dialLimit))
	defer cancel()
	if len(h.Addrs) == 1 {
		conn, err := d.connect(ctx, h.Addrs[0], port)
		if err != nil {
			return nil, &DialError{h.Name, []error{err}}
		}
		return conn, nil
	}
	race := race{dialer: d, port: port, rest: h.Addrs, results: make(chan attempt, len(h.Addrs))}
	conn := race.run(ctx)
	cancel()
	race.wait()
	if conn == nil {
		if len(race.errs) == 0 {
			race.errs = []error{ctx.Err()} // there was no time to begin
		}
		return nil, &DialError{h.Name, race.errs}
	}
	return conn, nil
}

// connect dials one address.
func (d Dialer) connect(ctx context.Context, addr netip.Addr, port uint16) (net.Conn, error) {
	address := netip.AddrPortFrom(addr, port).String()
	if d.Connect != nil {
		return d.Connect(ctx, "tcp", address)
	}
	var dialer net.Dialer
	for _, source := range d.Source {
		if source.Unmap().Is4() == addr.Is4() {
			dialer.LocalAddr = &net.TCPAddr{IP: source.AsSlice(), Zone: source.Zone()}
			break
		}
	}
	return dialer.DialContext(ctx, "tcp", address)
}

// race is the dialing of several addresses, of which the first to answer wins.
type race struct {
	dialer  Dialer
	port    uint16
	rest    []netip.Addr // not tried yet
	running int
	results chan attempt // has room for all
	errs    []error
}

type attempt struct {
	conn net.Conn
	err  error
}

// run returns the first connection, nil when no address answers.
func (r *race) run(ctx context.Context) net.Conn {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for len(r.rest) > 0 && ctx.Err() == nil || r.running > 0 {
		select {
		case <-timer.C:
			r.start(ctx)
		case a := <-r.results:
			r.running--
			if a.err == nil {
				return a.conn
			}
			r.errs = append(r.errs, a.err)
			r.start(ctx)
		}
		timer.Reset(cmp.Or(r.dialer.Stagger, stagger))
	}
	return nil
}

// start begins to dial the next address, if there is one.
func (r *race) start(ctx context.Context) {
	if len(r.rest) == 0 || ctx.Err() != nil {
		return
	}
	addr := r.rest[0]
	r.rest = r.rest[1:]
	r.running++
	go func() {
		conn, err := r.dialer.connect(ctx, addr, r.port)
		r.results <- attempt{conn, err}
	}()
}

// wait waits for those that lost, whose context is done, and closes what they
// may have reached.
func (r *race) wait() {
	for ; r.running > 0; r.running-- {
		if a := <-r.results; a.conn != nil {
			a.conn.Close()
		}
	}
}

// DialError is a host to which there is no connection.
type DialError struct {
	Host string
	Errs []error // one for each address that was tried, a net.OpError mostly
}

// Error returns as "mx.example: dial tcp 192.0.2.1:25: connect: connection
// refused", with commas between the addresses.
func (e *DialError) Error() string {
	whys := make([]string, len(e.Errs))
	for i, err := range e.Errs {
		whys[i] = err.Error()
	}
	return e.Host + ": " + strings.Join(whys, ", ")
}

// Unwrap returns what went wrong with each address.
func (e *DialError) Unwrap() []error { return e.Errs }
