package smtp

import (
	"errors"
	"strings"
	"unicode/utf8"
)

var errXtext = errors.New("malformed xtext")

// DecodeXtext undoes xtext (RFC 3461 section 4). What comes out is free of
// control characters and whole UTF-8; all else is an error.
func DecodeXtext(s string) (string, error) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '+' {
			if i+2 >= len(s) {
				return "", errXtext
			}
			hi, lo := hexValue(s[i+1]), hexValue(s[i+2])
			if hi < 0 || lo < 0 {
				return "", errXtext
			}
			b = append(b, byte(hi<<4|lo))
			i += 2
			continue
		}
		if c <= ' ' || c == '=' {
			return "", errXtext
		}
		b = append(b, c)
	}
	d := string(b)
	if !utf8.ValidString(d) || strings.ContainsFunc(d, isControl) {
		return "", errXtext
	}
	return d, nil
}

// EncodeXtext writes s as xtext: every octet that is no printable ASCII, the
// plus and the equals sign as + and two digits.
func EncodeXtext(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || c == '+' || c == '=' {
			b.WriteByte('+')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hexValue returns the value of a hexadecimal digit in capitals, -1 if c is none.
func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
