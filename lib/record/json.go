package record

import "unicode/utf8"

// AppendJSON appends the record as a JSON object of strings (RFC 8259), without
// a line end. Octets that are not UTF-8 become U+FFFD, the only thing that does
// not come back.
func (r *Record) AppendJSON(b []byte) []byte {
	b = append(b, '{')
	for i, a := range r.attrs {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, a.name), ':')
		b = appendJSONString(b, a.value)
	}
	return append(b, '}')
}

const hexDigits = "0123456789abcdef"

func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c == 0x7f:
			b = append(b, `\u00`...)
			b = append(b, hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
		i++
	}
	return append(b, '"')
}
