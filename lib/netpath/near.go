package netpath

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// nearKept is how many paths others learn from through the store.
	nearKept = 8
	// nearPlaces bounds what is known of where paths lead through.
	nearPlaces = 4096
)

// ShareAge is how long a hop that was measured for one host may stand for that
// of another.
const ShareAge = time.Minute

// near is what is known from paths to other hosts.
type near struct {
	mu      sync.Mutex
	through map[place]*Path
	recent  []*Path // the last nearKept, the newest last
}

// place is a router, or the network of a host, so many hops away.
type place struct {
	hop int
	net netip.Prefix
}

// router is the place of a router.
func router(hop int, addr netip.Addr) place {
	return place{hop, netip.PrefixFrom(addr, addr.BitLen())}
}

// home is the place of a host: those of one /24 or /64, equally far away, are
// taken to be behind the same routers.
func home(hop int, host netip.Addr) place {
	bits := 24
	if host.Is6() {
		bits = 64
	}
	network, _ := host.WithZone("").Prefix(bits) // no host's address is shorter
	return place{hop, network}
}

// before tells of a hop in front of a place, by a path that is not too old. It
// may tell that the hop was asked and is silent.
func (n *near) before(at place, ttl int, now time.Time) (Hop, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.through[at]
	if p == nil || !p.younger(ShareAge, now) {
		return Hop{}, false
	}
	h := p.Hops[ttl-1]
	return h, h.Sent > 0
}

// distance is how far away the hosts of the network of a host are, 0 when that
// is not known.
func (n *near) distance(host netip.Addr, now time.Time) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	for hop := 1; hop <= MaxHops; hop++ {
		if p := n.through[home(hop, host)]; p != nil && p.younger(ShareAge, now) {
			return hop
		}
	}
	return 0
}

// add notes a path. What it has from other paths itself does not count, since
// that is older.
func (n *near) add(p *Path, now time.Time) {
	own := *p
	own.Hops = slices.Clone(p.Hops)
	for i, h := range own.Hops {
		if h.Shared() {
			own.Hops[i] = Hop{}
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.through == nil || len(n.through) > nearPlaces {
		n.through = make(map[place]*Path)
	}
	for i, h := range own.Hops {
		at := place{}
		switch {
		case own.End == Reached && i == len(own.Hops)-1:
			at = home(i+1, own.Dest)
		case len(h.Answers) == 1:
			at = router(i+1, h.Answers[0].Addr)
		default:
			continue
		}
		if old := n.through[at]; old == nil || !old.younger(ShareAge, now) || silent(own.Hops[:i]) <= silent(old.Hops[:i]) {
			n.through[at] = &own
		}
	}
	n.recent = append(n.recent, &own)
	n.recent = n.recent[max(0, len(n.recent)-nearKept):]
}

// silent counts silent hops.
func silent(hops []Hop) (n int) {
	for _, h := range hops {
		if h.Silent() {
			n++
		}
	}
	return n
}

// common is the farthest hop at which all recent paths have the same router, 1
// when that is not known. From there on the next path is asked for.
func (n *near) common(now time.Time) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	var young []*Path
	for _, p := range n.recent {
		if p.younger(ShareAge, now) {
			young = append(young, p)
		}
	}
	if len(young) < 2 {
		return 1
	}
	last := 1
	for i := range MaxHops {
		found, same := agree(young, i)
		if !same {
			break
		}
		if found {
			last = i + 1
		}
	}
	return last
}

// agree says whether all paths that know their router at an index have the same
// there, and whether any does.
func agree(paths []*Path, i int) (found, same bool) {
	var addr netip.Addr
	for _, p := range paths {
		routers := p.Routers()
		switch {
		case i >= len(routers):
			return false, false
		case routers[i].Silent():
		case !found:
			found, addr = true, routers[i].Answers[0].Addr
		case routers[i].Answers[0].Addr != addr:
			return false, false
		}
	}
	return found, true
}

// knows says whether the path is among the recent ones.
func (n *near) knows(p *Path) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.ContainsFunc(n.recent, func(r *Path) bool { return r.Dest == p.Dest && r.Time.Equal(p.Time) })
}
