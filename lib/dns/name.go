package dns

import (
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of names (RFC 1035 2.3.4); a name of 253 octets without its final dot
// takes 255 on the wire.
const (
	maxName  = 253
	maxLabel = 63
)

// ValidName reports whether s may be the name of a host: labels of letters,
// digits, hyphens and, since hosts have them, underscores, with no hyphen at
// either end (RFC 1123 2.1), and no last label of digits alone, which would be
// taken for an address. There is no final dot.
func ValidName(s string) bool {
	if len(s) > maxName {
		return false
	}
	for rest, more := s, true; more; {
		var label string
		label, rest, more = strings.Cut(rest, ".")
		if !validLabel(label) || !more && numeric(label) {
			return false
		}
	}
	return true
}

func validLabel(s string) bool {
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i] | 0x20
		if !('a' <= c && c <= 'z' || '0' <= s[i] && s[i] <= '9' || s[i] == '-' || s[i] == '_') {
			return false
		}
	}
	return true
}

func numeric(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Reverse returns the address as the names of block lists have it: the octets,
// of IPv6 the nibbles, last first, separated by dots (RFC 5782 2.1, 2.4).
func Reverse(addr netip.Addr) string {
	addr = addr.Unmap()
	b := make([]byte, 0, 64)
	raw := addr.AsSlice()
	for i := len(raw) - 1; i >= 0; i-- {
		if len(b) > 0 {
			b = append(b, '.')
		}
		if addr.Is4() {
			b = strconv.AppendUint(b, uint64(raw[i]), 10)
			continue
		}
		b = append(b, hexDigit(raw[i]&15), '.', hexDigit(raw[i]>>4))
	}
	return string(b)
}

func hexDigit(n byte) byte { return "0123456789abcdef"[n] }

// ReverseName returns the name that holds the address's PTR records
// (RFC 1035 3.5, RFC 3596 2.5).
func ReverseName(addr netip.Addr) string {
	if addr.Unmap().Is4() {
		return Reverse(addr) + ".in-addr.arpa"
	}
	return Reverse(addr) + ".ip6.arpa"
}

// canonical returns the name in lower case without its final dot.
func canonical(name string) string {
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// question returns the form of a name in which it is asked for: in lower case
// and ASCII, octets that mean something in zone files escaped. It is not ok for
// a name that cannot exist.
func question(name string) (asked string, ok bool) {
	if plain(name) {
		return name, true
	}
	if !utf8.ValidString(name) { // ToLower would make it so
		return "", false
	}
	name = toASCII(canonical(name))
	if len(name) > maxName {
		return "", false
	}
	for label := range strings.SplitSeq(name, ".") {
		if !askable(label) {
			return "", false
		}
	}
	return escape(name), true
}

// plain tells a name that is as it has to be, as most are.
func plain(name string) bool {
	label := 0 // octets of it so far
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			label++
		case c == '.' && label > 0:
			label = 0
		default:
			return false
		}
		if label > maxLabel {
			return false
		}
	}
	return label > 0 && len(name) <= maxName
}

// askable is less strict than validLabel: DNS itself knows no rule for labels,
// and SPF's macros make strange ones.
func askable(label string) bool {
	if label == "" || len(label) > maxLabel {
		return false
	}
	for i := range len(label) {
		if label[i] < ' ' || label[i] > '~' {
			return false
		}
	}
	return true
}

// special are the octets that stand behind a backslash in zone files.
const special = ` '@;()"\`

func escape(name string) string {
	if !strings.ContainsAny(name, special) {
		return name
	}
	b := make([]byte, 0, len(name)+8)
	for i := range len(name) {
		if strings.IndexByte(special, name[i]) >= 0 {
			b = append(b, '\\')
		}
		b = append(b, name[i])
	}
	return string(b)
}

// normal returns a name from a zone file with its escapes as question makes
// them: only where an octet needs one, and \DDD only for what cannot be printed.
func normal(name string) string {
	if strings.IndexByte(name, '\\') < 0 {
		return name
	}
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] != '\\' || i+1 == len(name) {
			b = append(b, name[i])
			continue
		}
		c, n := unescape(name[i+1:])
		b = appendOctet(b, c)
		i += n
	}
	return strings.ToLower(string(b))
}

// Unescape undoes the escapes of zone files in a name, \X and \DDD, so that it
// can be asked for.
func Unescape(name string) string {
	if strings.IndexByte(name, '\\') < 0 {
		return name
	}
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		c, n := name[i], 0
		if c == '\\' && i+1 < len(name) {
			c, n = unescape(name[i+1:])
		}
		b = append(b, c)
		i += n
	}
	return string(b)
}

// unescape reads what stands behind a backslash: \DDD or \X.
func unescape(s string) (octet byte, n int) {
	if len(s) >= 3 {
		if v, err := strconv.ParseUint(s[:3], 10, 8); err == nil {
			return byte(v), 3
		}
	}
	return s[0], 1
}

// printable is a name as errors show it, whoever made it up.
func printable(name string) string {
	if plain(name) {
		return name
	}
	name = name[:min(len(name), maxName)]
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, name)
}
