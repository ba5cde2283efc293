package header

import (
	"bytes"
	"strings"
)

// editAddresses gives each address in the text of a field to edit, and returns
// the text with what comes back in their places; all else stays, comments,
// names and folding. Source routes are taken out (RFC 5322 4.4). What is not an
// address by its form is left alone, and so is a field without its end, which
// was too long to be held.
func editAddresses(text []byte, edit func(string) string) []byte {
	colon := bytes.IndexByte(text, ':')
	if colon < 0 || text[len(text)-1] != '\n' {
		return text
	}
	s := specScanner{text: string(text), at: colon + 1}
	var out []byte
	done := 0
	for s.next() {
		spec := s.text[s.from:s.to]
		if edited := editSpec(spec, edit); edited != spec {
			out = append(append(out, s.text[done:s.from]...), edited...)
			done = s.to
		}
	}
	if done == 0 {
		return text
	}
	return append(out, s.text[done:]...)
}

// editSpec edits one address.
func editSpec(spec string, edit func(string) string) string {
	bare := spec
	if strings.HasPrefix(bare, "@") {
		_, bare, _ = strings.Cut(bare, ":")
	}
	if !isSpec(bare) {
		return spec
	}
	return edit(bare)
}

// isSpec reports that s may be an address, or its local part: no blank and
// nothing with a meaning of its own outside quotes and brackets.
func isSpec(s string) bool {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '"' || c == '[':
			n := enclosed(s[i:])
			if strings.ContainsAny(s[i:i+n], "\r\n") {
				return false
			}
			i += n
		case c <= ' ' || c == 0x7f || strings.IndexByte(`()<>,;:\]`, c) >= 0:
			return false
		default:
			i++
		}
	}
	return s != "" && s[0] != '@'
}

// enclosed returns the length of what begins with a quote, a bracket or a
// parenthesis, up to its partner or the end.
func enclosed(s string) int {
	rest := ""
	switch s[0] {
	case '"':
		rest = skipQuoted(s)
	case '(':
		rest = skipComment(s)
	default:
		_, rest, _ = strings.Cut(s, "]")
	}
	return len(s) - len(rest)
}

// specScanner finds the addresses in a field: what stands in angle brackets,
// else all of an item of the list but comments around it.
type specScanner struct {
	text     string
	at       int // what is looked at next
	from, to int // the address that was found
}

// next goes on to the next address.
func (s *specScanner) next() bool {
	s.from, s.to = s.at, s.at
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case '<':
			s.angle()
			return true
		case ',', ';':
			s.at++
			if s.from < s.to {
				return true
			}
			s.from, s.to = s.at, s.at
		case ':':
			s.at++
			if s.from == s.to || s.text[s.from] != '@' { // else a route
				s.from, s.to = s.at, s.at
			}
		case '(':
			s.at += enclosed(s.text[s.at:])
		case '"', '[':
			s.take(enclosed(s.text[s.at:]))
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			s.take(1)
		}
	}
	return s.from < s.to
}

// take takes n octets into the address.
func (s *specScanner) take(n int) {
	if s.from == s.to {
		s.from = s.at
	}
	s.at += n
	s.to = s.at
}

// angle takes what stands in angle brackets, and passes over what is behind
// it up to the next item.
func (s *specScanner) angle() {
	s.at++
	s.from = s.at
	s.to = s.from + s.span(">")
	s.at = s.to
	s.at += s.span(",;")
	for s.from < s.to && isBlank(s.text[s.from]) {
		s.from++
	}
	for s.from < s.to && isBlank(s.text[s.to-1]) {
		s.to--
	}
}

// span is the distance to the first of the octets in stop that is outside
// quotes, comments and literals.
func (s *specScanner) span(stop string) int {
	i := s.at
	for i < len(s.text) && strings.IndexByte(stop, s.text[i]) < 0 {
		switch s.text[i] {
		case '"', '(', '[':
			i += enclosed(s.text[i:])
		default:
			i++
		}
	}
	return i - s.at
}
