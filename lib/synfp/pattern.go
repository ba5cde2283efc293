package synfp

// A pattern is what a line of a database says of fingerprints; both grammars
// come to it.
type pattern struct {
	window  number // its unit may be the MSS or the MTU
	ttl     uint8  // at the start
	anyTTL  bool   // ttl is the most, whatever is missing
	spread  uint8  // routers that there may be between
	df      tristate
	size    number // of a packet of IPv4
	version uint8  // 4, 6, or 0 for both
	options []optionPattern
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

// links are the ways in which a system may see the network: what a window may
// be a multiple of.
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

// fits says whether a fingerprint is one of the pattern's. usual is the MTU that
// is tried beside the one that the MSS tells; 0 for none.
func (p *pattern) fits(f *Fingerprint, usual int) bool {
	six := f.IPv6()
	if p.version == 4 && six || p.version == 6 && !six {
		return false
	}
	headers, size := uint32(ip4Header+tcpHeader), uint32(f.Size)
	if six {
		headers, size = ip6Header+tcpHeader, size-(ip6Header-ip4Header)
	}
	l := links{mss: uint32(f.MSS())}
	l.mtu = l.mss + headers
	if usual > int(headers) {
		l.usual = uint32(usual)
	}
	return p.fitsTTL(f.TTL) && p.df.fits(f.DF || six && p.df == yes) && p.size.fits(size, l) &&
		p.fitsOptions(f.Options, l) && p.window.fits(uint32(f.Window), l)
}

func (p *pattern) fitsTTL(ttl uint8) bool {
	return ttl <= p.ttl && (p.anyTTL || p.ttl-ttl <= p.spread)
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
