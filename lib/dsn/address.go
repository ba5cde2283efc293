package dsn

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"postern/lib/maillog"
	"postern/lib/smtp"
)

// maxWords bounds what a peer has said, in octets.
const maxWords = 600

// oneLine makes what a peer has said fit for one line of UTF-8.
func oneLine(s string) string { return maillog.Clean(s, maxWords) }

// clean is oneLine for a field, which may have to be ASCII.
func (f *fields) clean(s string) string {
	s = oneLine(s)
	if f.utf8 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, s)
}

// address is an address with its type (RFC 3464 2.3.2, RFC 6533 section 3).
func (f *fields) address(s string) string {
	if isASCII([]byte(s)) {
		return "rfc822; " + f.clean(s)
	}
	return "utf-8; " + f.international(s)
}

// maxOriginal bounds an original address, which stands on one line with its type.
const maxOriginal = smtp.MaxTextLine - len("Original-Recipient: ")

// original is the address that a sender gave with ORCPT, "" when that is none or
// none that can be said on a line.
func (f *fields) original(orcpt string) string {
	kind, address, ok := strings.Cut(orcpt, ";")
	if !ok || !smtp.IsAtom(kind) || address == "" || !utf8.ValidString(address) {
		return ""
	}
	var said string
	switch {
	case strings.EqualFold(kind, "rfc822"):
		said = f.address(address) // RFC 6533 section 3: rfc822 is ASCII
	case isASCII([]byte(address)):
		said = kind + "; " + f.clean(address)
	default:
		said = kind + "; " + f.international(address)
	}
	if len(said) > maxOriginal {
		return ""
	}
	return said
}

// international is an address beyond ASCII: as it is where UTF-8 may stand,
// else as utf-8-addr-xtext (RFC 6533 section 3).
func (f *fields) international(s string) string {
	if f.utf8 {
		return f.clean(s)
	}
	var b strings.Builder
	for _, r := range s {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`+=\`, r) {
			fmt.Fprintf(&b, `\x{%X}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
