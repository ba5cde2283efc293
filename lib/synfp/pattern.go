package synfp

// A pattern is what a line of a database says of SYNs. Both grammars come to
// it, and say some things in their own ways.
type pattern struct {
	window  number // its unit may be the MSS or the MTU
	ttl     uint8  // at the start
	spread  uint8  // routers that there may be between
	df      tristate
	size    number // of a packet of IPv4
	options []optionPattern
	p0f     *p0fPattern // nil for a line of pf.os
}

// A number is a value that is wanted.
type number struct {
	form form
	n    uint32
}

type form uint8

const (
	anything form = iota
	exactly       // n
	multiple      // of n
	timesMSS      // n times the maximum segment size
	timesMTU      // n times the maximum transmission unit
)

// A tristate is yes, no, or either.
type tristate uint8

const (
	either tristate = iota
	yes
	no
)

func (t tristate) fits(b bool) bool { return t == either || (t == yes) == b }

// An optionPattern is one option that is wanted.
type optionPattern struct {
	kind  Kind
	other bool
	value number
}

// links are the sizes of which a window may be a multiple: the MSS and the MTU as the
// SYN tells them, and the usual MTU; 0 for one that is not known.
type links struct{ mss, mtu, usual uint32 }

func (n number) fits(value uint32, l links) bool {
	switch n.form {
	case exactly:
		return value == n.n
	case multiple:
		return n.n != 0 && value%n.n == 0
	case timesMSS:
		return l.mss != 0 && value == n.n*l.mss || l.usual > 0 && value == n.n*(l.usual-l.mtu+l.mss)
	case timesMTU:
		return l.mss != 0 && value == n.n*l.mtu || l.usual > 0 && value == n.n*l.usual
	}
	return true
}

// A match says how well a SYN fits a pattern.
type match uint8

const (
	none match = iota
	fuzzy
	exact
)

// A view is a SYN as patterns look at it.
type view struct {
	*SYN
	six  bool
	size uint32 // as of a packet of IPv4
	links
	p0f p0fView
}

// newView looks at a SYN. usual is the MTU that is tried beside the one that the
// MSS tells; 0 for none.
func newView(s *SYN, usual int) *view {
	v := &view{SYN: s, six: s.IPv6(), size: uint32(s.Size)}
	headers := uint32(ip4Header + tcpHeader)
	if v.six {
		headers, v.size = ip6Header+tcpHeader, v.size-(ip6Header-ip4Header)
	}
	v.mss = uint32(s.MSS())
	v.mtu = v.mss + headers
	if usual > int(headers) {
		v.usual = uint32(usual)
	}
	return v
}

// fits says how well a SYN is one of the pattern's.
func (p *pattern) fits(v *view) match {
	switch {
	case p.p0f != nil:
		return p.fitsP0f(v)
	case p.fitsTTL(v.TTL) && p.df.fits(v.DF) && p.size.fits(v.size, v.links) &&
		p.fitsOptions(v.Options, v.links) && p.window.fits(uint32(v.Window), v.links):
		return exact
	}
	return none
}

func (p *pattern) fitsTTL(ttl uint8) bool {
	return ttl <= p.ttl && p.ttl-ttl <= p.spread
}

func (p *pattern) fitsOptions(list []Option, l links) bool {
	if n := len(list); n == len(p.options)+1 && list[n-1] == (Option{Kind: End}) {
		list = list[:n-1] // pf.os does not write the end
	}
	if len(list) != len(p.options) {
		return false
	}
	for i, o := range list {
		if !p.options[i].fits(o, l) {
			return false
		}
	}
	return true
}

func (p *optionPattern) fits(o Option, l links) bool {
	return p.kind == o.Kind && p.other == o.Other && p.value.fits(uint32(o.Value), l)
}
