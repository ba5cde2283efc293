package netpath

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"postern/lib/state"
)

// Tracer finds paths, several at a time, and keeps all of them together to Rate
// probes a second. The zero value is ready.
type Tracer struct {
	Method Method
	Port   uint16 // of the hosts; 0 is PortUDP or PortTCP
	// Store, when it is there, is shared with other processes: paths that were
	// found less than Keep ago, one measuring of a path at a time, the hops near
	// to us, Rate. When it fails this Tracer goes without, and tells Complain, if
	// that is there, once.
	Store    *state.Store
	Complain func(error)

	Keep  time.Duration
	Fresh bool // measure each path, and neither use nor fill what Store knows of paths
	// Likely is how far away hosts are likely to be, in hops, 0 when nothing
	// tells: those far beyond are then asked only when it is wrong.
	Likely int
	// Share lets hops that were measured for another host less than ShareAge ago
	// stand for those of this path, as long as an answer shows that both paths
	// go through one router. It saves probes, and answers of routers that limit
	// them.
	Share bool

	pace  pacer
	near  [2]near // of IPv4 and of IPv6
	start slowStart
	said  sync.Once                                  // Complain
	open  func(Method, netip.AddrPort) (wire, error) // the system's socket when nil
}

// wire sends probes to one host and gives the answers.
type wire interface {
	// send sends a probe.
	send(mark) error
	// receive waits for an answer until the deadline: os.ErrDeadlineExceeded.
	receive(deadline time.Time) (answer, error)
	// Close ends a receive that waits. It may be called twice.
	Close() error
}

// answer is an answer to a probe. Its mark is unknown when it does not say to
// which.
type answer struct {
	mark
	from netip.Addr
	says Message
}

// Trace finds the path to a host. hops > 0 are all that is looked at; else it
// is MaxHops. With an error of ctx, or ErrBusy, the path is what was known by
// then, the zero Path when no probe had gone out. When another process with the
// same store measures the path, its result is waited for.
func (t *Tracer) Trace(ctx context.Context, dest netip.Addr, hops int) (Path, error) {
	dest = dest.Unmap()
	if err := Probeable(dest); err != nil {
		return Path{}, err
	}
	if t.Fresh || t.Store == nil {
		return t.measure(ctx, dest, hops)
	}
	if p, ok := t.Cached(dest, time.Now()); ok {
		return p, nil
	}
	if hops <= 0 {
		defer t.claim(ctx, dest)()
		if p, ok := t.Cached(dest, time.Now()); ok {
			return p, nil
		}
	}
	p, err := t.measure(ctx, dest, hops)
	// Where hops cut it short, silence at its end may be one silent router's.
	if err == nil && p.End != Limit && (hops <= 0 || p.End != Silent) {
		t.keep(&p)
	}
	return p, err
}

// Probeable says whether an address is one that probes may be sent to, whatever
// the network is: ErrAddress for those of no host or of many, and for a
// link-local one without its interface (RFC 4007 11).
func Probeable(dest netip.Addr) error {
	dest = dest.Unmap()
	switch broadcast := netip.AddrFrom4([4]byte{255, 255, 255, 255}); {
	case !dest.IsValid(), dest.IsUnspecified(), dest.IsMulticast(), dest == broadcast:
		return fmt.Errorf("%v: %w", dest, ErrAddress)
	case dest.Is6() && dest.IsLinkLocalUnicast() && dest.Zone() == "":
		return fmt.Errorf("%v: %w: without an interface, as in %v%%eth0", dest, ErrAddress, dest)
	}
	return nil
}

// measure finds a path that nobody knows.
func (t *Tracer) measure(ctx context.Context, dest netip.Addr, hops int) (Path, error) {
	s := search{
		dest: dest.WithZone(""), limit: hops, pause: t.pause, first: 1, likely: t.Likely,
		path: Path{Dest: dest, Method: t.Method, Port: t.port()},
	}
	if hops <= 0 || hops > MaxHops {
		s.limit = MaxHops
	}
	if t.Share {
		if err := t.start.begin(ctx); err != nil {
			return Path{}, err
		}
		defer t.start.end()
		t.approach(&s)
	}
	err := t.run(ctx, &s)
	switch {
	case err != nil && s.probes == 0:
		return Path{}, err
	case err != nil:
		return s.result(), err
	}
	p := s.result()
	if t.Share {
		t.learn(&p)
	}
	return p, nil
}

// run does the search with a wire of its own.
func (t *Tracer) run(ctx context.Context, s *search) error {
	open := t.open
	if open == nil {
		open = openSocket
	}
	w, err := open(t.Method, netip.AddrPortFrom(s.path.Dest, s.path.Port))
	if err != nil {
		return err
	}
	defer w.Close()
	defer context.AfterFunc(ctx, func() { w.Close() })()
	s.wire = w
	err = s.run(ctx)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return err
}
