package maillog

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// ellipsis ends what was cut.
const ellipsis = "..."

// Clean makes s fit for one line of a log, a reply or a header field: control
// characters, invisible ones and octets that are not UTF-8 stand as \n, \x1b or
// \u202e, and what exceeds max octets is cut, ending in "...". A backslash
// stays as it is.
func Clean(s string, max int) string {
	if max <= 0 {
		return ""
	}
	if len(s) <= max && isClean(s) {
		return s
	}
	var b []byte
	whole := 0 // how much of b may stand in front of an ellipsis
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		b = appendClean(b, s[:n], r)
		if len(b) > max {
			return string(b[:whole]) + ellipsis[:min(len(ellipsis), max)]
		}
		if len(b) <= max-len(ellipsis) {
			whole = len(b)
		}
		s = s[n:]
	}
	return string(b)
}

// isClean tells whether Clean would change nothing but the length.
func isClean(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return utf8.ValidString(s) && strings.IndexFunc(s, dirty) < 0
		}
	}
	return true
}

func dirty(r rune) bool { return !strconv.IsPrint(r) }

// appendClean appends the rune r, which is the octets s, or its escape.
func appendClean(b []byte, s string, r rune) []byte {
	switch {
	case r == utf8.RuneError && len(s) == 1:
		const hex = "0123456789abcdef"
		return append(b, '\\', 'x', hex[s[0]>>4], hex[s[0]&15])
	case dirty(r):
		quoted := strconv.QuoteRune(r) // '\n'
		return append(b, quoted[1:len(quoted)-1]...)
	}
	return append(b, s...)
}
