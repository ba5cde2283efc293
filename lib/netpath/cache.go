package netpath

import (
	"fmt"
	"net/netip"
	"time"
)

// cacheName is the name of the store's cache of paths.
const cacheName = "netpath"

// Cached gives a path from the store that was found less than Keep before now.
func (t *Tracer) Cached(dest netip.Addr, now time.Time) (Path, bool) {
	if t.Store == nil {
		return Path{}, false
	}
	dest = dest.Unmap()
	text, ok, err := t.Store.Cache(cacheName).Get(t.key(dest), now)
	if t.failed(err) || !ok {
		return Path{}, false
	}
	p, err := Parse(string(text))
	p.Cached = true
	return p, err == nil && p.Dest == dest && p.Method == t.Method && p.Port == t.port() && p.younger(t.Keep, now)
}

// failed says whether the store has failed, and makes it known.
func (t *Tracer) failed(err error) bool {
	if err != nil && t.Complain != nil {
		t.said.Do(func() { t.Complain(err) })
	}
	return err != nil
}

// keep puts a path into the store. Whoever cannot write there goes without.
func (t *Tracer) keep(p *Path) {
	if t.Store != nil && !t.Fresh {
		err := t.Store.Cache(cacheName).Put(t.key(p.Dest), []byte(p.String()), p.Time, t.Keep)
		t.failed(err)
	}
}

// key is the store's key for what concerns a host: "192.0.2.7", or, for other
// probes than the usual ones, "192.0.2.7+tcp+25".
func (t *Tracer) key(dest netip.Addr) string {
	if t.Method == UDP && t.port() == PortUDP {
		return dest.String()
	}
	return fmt.Sprintf("%v+%v+%d", dest, t.Method, t.port())
}

// port is that of the hosts, 0 with ICMP.
func (t *Tracer) port() uint16 { return t.Method.Port(t.Port) }
