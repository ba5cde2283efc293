package header

import "strings"

// Domains returns the domains of the addresses in the body of a From, Sender
// or To field (RFC 5322 3.4): of "Ann <ann@a.example>, (home) bob" it is
// a.example and "". Names, comments and quoted strings are passed over; what
// is no address gives some text that is no domain, never one that is hidden in
// a name.
func Domains(body string) []string {
	s := addressScanner{rest: body}
	var list []string
	for {
		spec, more := s.next()
		if spec != "" {
			domain := ""
			if i := strings.LastIndexByte(spec, '@'); i >= 0 {
				domain = strings.TrimSuffix(spec[i+1:], ".")
			}
			list = append(list, domain)
		}
		if !more {
			return list
		}
	}
}

// addressScanner goes through a list of addresses.
type addressScanner struct{ rest string }

// next gives the address of the next item of the list, without brackets,
// blanks and comments; "" for an empty item. more tells whether another item
// follows.
func (s *addressScanner) next() (spec string, more bool) {
	var bare, angle strings.Builder
	to := &bare
	for len(s.rest) > 0 {
		c := s.rest[0]
		switch c {
		case '(':
			s.rest = skipComment(s.rest)
			continue
		case '"':
			s.rest = skipQuoted(s.rest)
			to.WriteByte('"') // so that there is a local part
			continue
		}
		if n := literalLen(s.rest); n > 0 && strings.HasSuffix(to.String(), "@") {
			to.WriteString(s.rest[:n])
			s.rest = s.rest[n:]
			continue
		}
		s.rest = s.rest[1:]
		switch {
		case c == '<':
			to = &angle
		case c == '>':
			to = &bare
		case to == &bare && (c == ',' || c == ';'):
			return address(bare.String(), angle.String()), true
		case to == &bare && c == ':': // the name of a group
			bare.Reset()
		case c > ' ' && c != 0x7f:
			to.WriteByte(c)
		}
	}
	return address(bare.String(), angle.String()), false
}

// address is what stands in brackets, and otherwise all.
func address(bare, angle string) string {
	if angle != "" {
		return angle
	}
	return bare
}

// literalLen is the length of the domain literal at the beginning of s, 0 for
// none. One that another reader could take for the beginning of an address is
// none.
func literalLen(s string) int {
	if s == "" || s[0] != '[' {
		return 0
	}
	if end := 1 + strings.IndexAny(s[1:], `[]()<>@,;"\`); end > 0 && s[end] == ']' {
		return end + 1
	}
	return 0
}

// skipComment gives what is behind a comment, which may have others in it.
func skipComment(s string) string {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return s[i+1:]
			}
		}
	}
	return ""
}

// skipQuoted gives what is behind a quoted string.
func skipQuoted(s string) string {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return s[i+1:]
		}
	}
	return ""
}
