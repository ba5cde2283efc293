package dns

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	mdns "github.com/miekg/dns"
)

// data returns a record's data in the form of zone files. The types that mail
// asks for all the time are read here, at a fifth of the general price.
func (m *message) data(r resource) (string, bool) {
	switch Type(r.t) {
	case TypeA, TypeAAAA:
		return m.address(r)
	case TypeCNAME, TypePTR, TypeNS:
		return m.host(nil, r.data, r.end)
	case TypeMX:
		if r.end-r.data < 3 {
			return "", false
		}
		pref := binary.BigEndian.Uint16(m.raw[r.data:])
		return m.host(append(strconv.AppendUint(nil, uint64(pref), 10), ' '), r.data+2, r.end)
	case TypeTXT:
		return m.text(r)
	}
	rr, _, err := mdns.UnpackRR(m.raw[:r.end], r.name)
	if err != nil {
		return "", false
	}
	return data(rr), true
}

func (m *message) address(r resource) (string, bool) {
	addr, ok := netip.AddrFromSlice(m.raw[r.data:r.end])
	return addr.String(), ok && addr.Is4() == (Type(r.t) == TypeA)
}

// host appends the name that fills the data from off to end.
func (m *message) host(b []byte, off, end int) (string, bool) {
	var room [maxName + 2]byte
	name, at, ok := appendName(append(room[:0], b...), m.raw, off)
	return string(name), ok && at == end
}

// text is strings of up to 255 octets, each behind its length.
func (m *message) text(r resource) (string, bool) {
	raw := m.raw[r.data:r.end]
	b := make([]byte, 0, len(raw)+8)
	for len(raw) > 0 {
		n := int(raw[0])
		if n >= len(raw) {
			return "", false
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = appendQuoted(b, raw[1:1+n])
		raw = raw[1+n:]
	}
	return string(b), true
}

func appendQuoted(b, s []byte) []byte {
	b = append(b, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = appendEscape(b, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
