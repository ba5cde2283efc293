package dns

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
)

// data returns a record's data in the form of zone files, that of a type that we
// do not know in the form of RFC 3597 5.
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
	if form := dataForm(Type(r.t)); form != "" {
		return m.fields(r, form)
	}
	raw := m.raw[r.data:r.end]
	return `\# ` + strconv.Itoa(len(raw)) + " " + hex.EncodeToString(raw), true
}

// dataForm says what the data of a type is made of, a letter for each field: 1, 2
// and 4 are numbers of so many octets, t is a time in seconds, of four octets, n a
// name, x hexadecimal digits to the end, s a string with its length in front, and
// q a quoted string to the end. It is "" for a type that has no such form.
func dataForm(t Type) string {
	switch t {
	case TypeNS, TypeCNAME, TypePTR:
		return "n"
	case TypeMX:
		return "2n"
	case TypeSOA:
		return "nn4tttt"
	case TypeSRV:
		return "222n"
	case TypeDS:
		return "211x"
	case TypeTLSA:
		return "111x"
	case TypeCAA:
		return "1sq"
	}
	return ""
}

// fields reads data of a form.
func (m *message) fields(r resource, form string) (string, bool) {
	var b []byte
	off, ok := r.data, true
	for i := range len(form) {
		if i > 0 {
			b = append(b, ' ')
		}
		if b, off, ok = m.field(b, form[i], off, r.end); !ok {
			return "", false
		}
	}
	return string(b), off == r.end
}

// field appends the field at off and returns where it ends.
func (m *message) field(b []byte, form byte, off, end int) ([]byte, int, bool) {
	rest := m.raw[off:end]
	switch form {
	case 'n':
		b, off, ok := appendName(b, m.raw, off)
		return b, off, ok && off <= end
	case 'x':
		return hex.AppendEncode(b, rest), end, true
	case 'q':
		return appendQuoted(b, rest), end, true
	case 's':
		if len(rest) == 0 || rest[0] == 0 || int(rest[0]) >= len(rest) {
			return b, 0, false
		}
		n := 1 + int(rest[0])
		return appendOctets(b, rest[1:n]), off + n, true
	}
	size := 4
	if form != 't' {
		size = int(form - '0')
	}
	if size > len(rest) {
		return b, 0, false
	}
	var n uint64
	for _, c := range rest[:size] {
		n = n<<8 | uint64(c)
	}
	return strconv.AppendUint(b, n, 10), off + size, true
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
