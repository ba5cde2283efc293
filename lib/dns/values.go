package dns

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Addrs returns the addresses of an answer to a question for A or AAAA.
func (a Answer) Addrs() []netip.Addr {
	var addrs []netip.Addr
	for _, r := range a.Records {
		if addr, err := netip.ParseAddr(r.Data); err == nil {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// MX returns the mail exchangers of an answer to a question for MX, as
// LookupMX does. There may be none, when no record has the name of a host.
func (a Answer) MX() []MX {
	var list []MX
	for _, r := range a.Records {
		pref, host, _ := strings.Cut(r.Data, " ")
		n, err := strconv.ParseUint(pref, 10, 16)
		host = canonical(host)
		if err == nil && (host == "" || ValidName(host)) {
			list = append(list, MX{host, uint16(n)})
		}
	}
	slices.SortStableFunc(list, func(a, b MX) int { return int(a.Pref) - int(b.Pref) })
	return list
}

// Texts returns the texts of an answer to a question for TXT, as LookupTXT does.
func (a Answer) Texts() []string {
	texts := make([]string, len(a.Records))
	for i, r := range a.Records {
		texts[i] = Text(r.Data)
	}
	return texts
}

// Text returns what the data of a TXT record says: its strings joined without a
// blank (RFC 7208 3.3), escapes undone.
func Text(data string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && i+1 < len(data):
			octet, n := unescape(data[i+1:])
			b.WriteByte(octet)
			i += n
		case quoted || c != ' ':
			b.WriteByte(c)
		}
	}
	return b.String()
}

// ToASCII returns a name in the form in which it is asked for and compared: in
// lower case, without its final dot, U-labels as A-labels (RFC 5890 2.3.2.1).
func ToASCII(name string) string {
	if !utf8.ValidString(name) { // ToLower would make it so
		return name
	}
	return toASCII(canonical(name))
}

// FoldAddress returns an address of mail, or a domain, as it is compared: in
// lower case, and its domain as ToASCII has it.
func FoldAddress(address string) string {
	at := strings.LastIndexByte(address, '@') + 1
	return strings.ToLower(address[:at]) + ToASCII(address[at:])
}
