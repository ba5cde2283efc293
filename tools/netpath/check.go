package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"postern/lib/netpath"
	"postern/lib/record"
	"postern/lib/tool"
)

// checker finds the paths to clients.
type checker struct {
	*program
	*tool.Env
	tracer netpath.Tracer
	mu     sync.Mutex // for Stderr
}

// Check finds the path to the client of a record.
func (c *checker) Check(ctx context.Context, r *record.Record) (tool.Result, error) {
	addr, err := hostOf(r)
	if err != nil {
		return nil, err
	}
	hops, err := hopsOf(r)
	if err != nil {
		return nil, err
	}
	path, err := c.find(ctx, addr, hops)
	if err != nil {
		return nil, err
	}
	res := &result{Path: path, hops: hops, verbose: c.verbose}
	if path.Time.IsZero() {
		res.plan = c.plan(addr, hops)
	}
	if c.verbose && !c.Policy {
		res.names = c.names(ctx, path)
	}
	return res, nil
}

// hostOf is the client's address.
func hostOf(r *record.Record) (netip.Addr, error) {
	if addr, err := tool.ClientAddress(r); err != nil {
		return addr, err
	}
	return parseHost(r.Value("client_address"))
}

// parseHost reads an address, with the interface if it says at which one it is,
// without which a link-local one is none (RFC 4007 11).
func parseHost(text string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(text)
	if err != nil || !isInterface(addr.Zone()) {
		return addr, fmt.Errorf("%w: %.60q is not an IP address", tool.ErrInput, text)
	}
	return addr.Unmap(), nil
}

// isInterface says whether a zone may be an interface, or none, and is nothing
// that a terminal would obey.
func isInterface(zone string) bool {
	const longest = 15 // IFNAMSIZ without its end
	return len(zone) <= longest && !strings.ContainsFunc(zone, func(r rune) bool { return r <= ' ' || r > '~' })
}

// hopsOf is the attribute that says which hops are wanted.
func hopsOf(r *record.Record) (int, error) {
	value, ok := r.Lookup(hopsWord)
	if !ok {
		return 0, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0, fmt.Errorf("%w: hops %.60q is no number", tool.ErrInput, value)
	}
	return n, nil
}

// find finds a path; with -n it is one from the cache, or none.
func (c *checker) find(ctx context.Context, addr netip.Addr, hops int) (netpath.Path, error) {
	if c.Dry {
		return c.known(addr, hops)
	}
	path, err := c.tracer.Trace(ctx, addr, hops)
	switch {
	case errors.Is(err, netpath.ErrAddress):
		return path, fmt.Errorf("%w: %w", tool.ErrInput, err)
	case err != nil:
		return path, err
	}
	how := fmt.Sprintf("%d probes, %v", path.Probes, path.Took.Round(time.Microsecond))
	if path.Cached {
		how = "known from before"
	}
	c.debug(summary(&path) + "; " + how)
	return path, nil
}

// known is the path from the cache, or one of which nothing is known.
func (c *checker) known(addr netip.Addr, hops int) (netpath.Path, error) {
	if err := netpath.Probeable(addr); err != nil {
		return netpath.Path{}, fmt.Errorf("%w: %w", tool.ErrInput, err)
	}
	path, ok := c.tracer.Cached(addr, time.Now())
	if ok && !c.fresh {
		return path, nil
	}
	c.debug(c.plan(addr, hops))
	return netpath.Path{Dest: addr}, nil
}

// debug tells people something with -d.
func (c *checker) debug(what string) {
	if !c.Debug {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.Stderr, "netpath: %s\n", what)
}

// plan says which probes would be sent.
func (c *checker) plan(addr netip.Addr, hops int) string {
	if hops <= 0 || hops > netpath.MaxHops {
		hops = netpath.MaxHops
	}
	return fmt.Sprintf("%v: %s probes would be sent, to hops 1 to %d, %d at most",
		addr, kind(c.tracer.Method, c.tracer.Port), hops, min(hops*netpath.Tries, netpath.MaxProbes))
}

// kind is a kind of probe with its port: "udp/33434", "icmp".
func kind(m netpath.Method, port uint16) string {
	if port = m.Port(port); port == 0 {
		return m.String()
	}
	return fmt.Sprintf("%v/%d", m, port)
}
