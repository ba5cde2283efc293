package smtp

import (
	"strings"
	"unicode/utf8"
)

// Bounds of RFC 5321 4.5.3.1, in octets. A local part is measured without its
// quotes and backslashes.
const (
	MaxLocal  = 64  // 4.5.3.1.1
	MaxDomain = 255 // 4.5.3.1.2
	MaxPath   = 256 // 4.5.3.1.3, with its brackets
)

// Mailbox is an address without brackets and route.
type Mailbox struct {
	Local  string // decoded: no quotes, no backslashes
	Domain string // a name, or a literal with its brackets "[192.0.2.1]"; "" only for <postmaster>
}

// String returns the mailbox as it stands in a path, the local part quoted
// where it has to be: `"a b"@example.org`. The zero value gives "".
func (m Mailbox) String() string {
	if m.IsZero() {
		return ""
	}
	local := m.Local
	if !isDotString(local) {
		local = quote(local)
	}
	if m.Domain == "" {
		return local
	}
	return local + "@" + m.Domain
}

// IsZero reports that m is the null sender.
func (m Mailbox) IsZero() bool { return m == Mailbox{} }

// IsASCII reports that m can be sent without SMTPUTF8.
func (m Mailbox) IsASCII() bool { return isASCII(m.Local) && isASCII(m.Domain) }

// ParseMailbox parses a mailbox without brackets: Local-part@Domain or a
// literal (RFC 5321 4.1.2), or "postmaster" alone. Local parts may be longer than
// MaxLocal: mailing lists have such senders, and what smtpd has accepted must be
// read again from the queue. Its errors are *AddressError.
func ParseMailbox(s string, utf8 bool) (Mailbox, error) {
	if len(s) > MaxPath-len("<>") {
		return Mailbox{}, badAddress("address too long")
	}
	p := pathParser{s: s, syntax: Syntax{UTF8: utf8, LongLocal: true}, postmaster: true}
	m, err := p.mailbox()
	if err != nil {
		return Mailbox{}, err
	}
	if p.s != "" {
		return Mailbox{}, badAddress("junk behind the address")
	}
	return m, nil
}

// isDotString reports that a local part needs no quotes (RFC 5321 4.1.2).
func isDotString(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, notAtext) {
			return false
		}
	}
	return true
}

// quote writes a Quoted-string. A control character, which no parsed mailbox
// has, stands as a question mark.
func quote(s string) string {
	b := make([]byte, 0, len(s)+4)
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case isControl(rune(c)) && c < utf8.RuneSelf:
			b = append(b, '?')
		default:
			b = append(b, c)
		}
	}
	return string(append(b, '"'))
}

func notAtext(c rune) bool { return !isAtext(c) }

// IsAtom reports that s is an atom of ASCII (RFC 5322 3.2.3), as the type of an
// address is (RFC 3461 4.2).
func IsAtom(s string) bool { return s != "" && isASCII(s) && !strings.ContainsFunc(s, notAtext) }

// isAtext reports a character of an Atom (RFC 5322 3.2.3, RFC 6531 3.3).
func isAtext(c rune) bool {
	switch {
	case isAlnum(c), c >= utf8.RuneSelf && isUTF8Text(c):
		return true
	case c >= utf8.RuneSelf:
		return false
	}
	return strings.IndexByte("!#$%&'*+-/=?^_`{|}~", byte(c)) >= 0
}

// isUTF8Text reports a character beyond ASCII that an address may hold: none
// that controls, breaks lines or was no UTF-8.
func isUTF8Text(c rune) bool {
	switch {
	case isControl(c), c == utf8.RuneError, c == 0xfeff:
		return false
	case c >= 0x2028 && c <= 0x202e, c >= 0x2066 && c <= 0x2069: // separators, directions
		return false
	}
	return true
}

func isControl(c rune) bool { return c < ' ' || c >= 0x7f && c < 0xa0 }

func isAlnum(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c)
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
