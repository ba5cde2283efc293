package synfp

// p0f's way of matching (its README, section 5): signatures fit exactly, or
// nearly, when what differs is what middleboxes and settings change.

// p0fSpread is how many routers p0f lets be between.
const p0fSpread = 35

// Quirks that may come and go in a SYN that is nearly right.
const (
	mayLack = quirkDF | quirkID
	mayHave = quirkNoID | quirkECN
)

// p0fView is what p0f makes out of a SYN once for all signatures.
type p0fView struct {
	made     bool
	traits   Traits
	known    Quirks // those of traits that are sure
	mss      uint32 // of the last such option, as p0f has it
	scale    uint32
	multiple uint32 // the window's, of MSS or MTU; 0 when it is of none
	ofMTU    bool
}

// look makes the view at the first signature.
func (v *view) look() *p0fView {
	p := &v.p0f
	if p.made {
		return p
	}
	p.made = true
	p.traits, p.known = v.Traits, ^Quirks(0)
	if !v.Known {
		p.traits, p.known = v.guessed()
	}
	for _, o := range v.Options {
		switch {
		case o.Other:
		case o.Kind == MSS:
			p.mss = uint32(o.Value)
		case o.Kind == Scale:
			p.scale = uint32(o.Value)
		}
	}
	p.multiple, p.ofMTU = v.detect()
	return p
}

const (
	stampOctets = 12  // that some systems leave room for in the MSS
	leastMSS    = 100 // that windows are multiples of
)

// detect finds what the window is a multiple of, in p0f's order.
func (v *view) detect() (n uint32, ofMTU bool) {
	const mss4, mss6 = UsualMTU - ip4Header - tcpHeader, UsualMTU - ip6Header - tcpHeader
	mss := v.p0f.mss
	if v.Window == 0 || mss < leastMSS {
		return 0, false
	}
	tries := []struct {
		unit uint32
		when bool
		mtu  bool
	}{
		{mss, true, false},
		{mss - stampOctets, v.stamped(), false},
		{mss4, true, false},
		{mss4 - stampOctets, true, false},
		{mss6, v.six, false},
		{mss6 - stampOctets, v.six, false},
		{mss + ip4Header + tcpHeader, true, true},
		{mss + uint32(v.headers()), true, true},
		{mss + ip6Header + tcpHeader, v.six, true},
		{UsualMTU, true, true},
	}
	for _, t := range tries {
		if t.when && uint32(v.Window)%t.unit == 0 {
			return uint32(v.Window) / t.unit, t.mtu
		}
	}
	return 0, false
}

// stamped says whether there is a timestamp that is not zero.
func (v *view) stamped() bool {
	for _, o := range v.Options {
		if o == (Option{Kind: Timestamp, Value: 1}) {
			return true
		}
	}
	return false
}

// headers is the octets of both headers.
func (v *view) headers() int {
	n := tcpHeader + (v.optionsSize()+int(v.p0f.traits.Padding)+3)&^3
	if v.six {
		return n + ip6Header
	}
	return n + ip4Header + int(v.p0f.traits.IPOptions)
}

// fitsP0f says how well a SYN fits a signature of p0f's.
func (p *pattern) fitsP0f(v *view) match {
	q, s := p.p0f, v.look()
	if !p.fitsLayout(v.Options) || !q.mss.fits(s.mss, links{}) || !q.scale.fits(s.scale, links{}) || !p.fitsWindow(v, s) {
		return none
	}
	if v.Known && (q.padding != s.traits.Padding || q.ipOptions != s.traits.IPOptions || !q.payload.fits(s.traits.Payload)) {
		return none
	}
	return min(q.fitsQuirks(v, s), p.fitsDistance(v.TTL))
}

// fitsQuirks compares the quirks of the version of IP at hand.
func (q *p0fPattern) fitsQuirks(v *view, s *p0fView) match {
	want := q.quirks
	switch {
	case v.six && q.version == 4, !v.six && q.version == 6:
		return none
	case v.six:
		want &^= quirkDF | quirkID | quirkNoID
	default:
		want &^= quirkFlow
	}
	have := s.traits.Quirks
	if v.six {
		have &^= quirkDF
	}
	lacks, adds := want&^have&s.known, have&^want&s.known
	switch {
	case lacks|adds == 0:
		return exact
	case lacks&^mayLack == 0 && adds&^mayHave == 0:
		return fuzzy
	}
	return none
}

// fitsDistance says whether there can be so many routers between.
func (p *pattern) fitsDistance(ttl uint8) match {
	switch {
	case ttl <= p.ttl && (p.p0f.anyTTL || p.ttl-ttl <= p0fSpread):
		return exact
	case p.p0f.anyTTL:
		return none
	}
	return fuzzy
}

// fitsLayout compares the kinds of options alone.
func (p *pattern) fitsLayout(list []Option) bool {
	list = list[:min(len(list), p0fOptionsMost)]
	if len(list) != len(p.options) {
		return false
	}
	for i := range list {
		if list[i].Kind != p.options[i].kind {
			return false
		}
	}
	return true
}

func (p *pattern) fitsWindow(v *view, s *p0fView) bool {
	switch p.window.form {
	case timesMSS:
		return !s.ofMTU && s.multiple == p.window.n
	case timesMTU:
		return s.ofMTU && s.multiple == p.window.n
	}
	return p.window.fits(uint32(v.Window), v.links)
}
