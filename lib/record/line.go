package record

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Errors of the readers. They are wrapped with what was wrong.
var (
	ErrSyntax  = errors.New("not a record")
	ErrTooLong = errors.New("record too long")
)

// AppendLine appends the record as a line without its line end, in logfmt:
//
//	client_address=192.0.2.1 helo_name=mx.example sender=""
//
// Names and values are separated, quoted and escaped exactly as log/slog's
// text handler does it, so that any sequence of octets comes back from
// ParseLine.
func (r *Record) AppendLine(b []byte) []byte {
	for i, a := range r.attrs {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, a.name...)
		b = append(b, '=')
		b = appendValue(b, a.value)
	}
	return b
}

// String returns the record as AppendLine writes it.
func (r *Record) String() string { return string(r.AppendLine(nil)) }

func appendValue(b []byte, s string) []byte {
	if needsQuotes(s) {
		return strconv.AppendQuote(b, s)
	}
	return append(b, s...)
}

// needsQuotes is slog's rule: a backslash alone needs none, nor does DEL.
func needsQuotes(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c <= ' ' || c == '=' || c == '"' {
				return true
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return true
		}
		i += size
	}
	return s == ""
}

// ParseLine reads a line as AppendLine writes it; a line end behind it is
// ignored. It takes what people write by hand too: several blanks or tabs
// between attributes, "name=" for an empty value, "=" inside an unquoted value.
// Of two attributes with one name the later counts. The error is ErrSyntax or
// ErrTooLong.
func ParseLine(line []byte) (Record, error) {
	var r Record
	if len(line) > MaxSize {
		return r, fmt.Errorf("%w: %d octets", ErrTooLong, len(line))
	}
	rest := skipBlanks(bytes.TrimRight(line, "\r\n"))
	for len(rest) > 0 {
		a, after, err := parseAttr(rest)
		if err != nil {
			return Record{}, err
		}
		if err := r.add(a); err != nil {
			return Record{}, err
		}
		rest = skipBlanks(after)
	}
	return r, nil
}

// add is Set for what was read, whose number is bounded.
func (r *Record) add(a attr) error {
	r.Set(a.name, a.value)
	if len(r.attrs) > MaxAttributes {
		return fmt.Errorf("%w: more than %d attributes", ErrTooLong, MaxAttributes)
	}
	return nil
}

// parseAttr takes the attribute at the beginning of s off it.
func parseAttr(s []byte) (a attr, rest []byte, err error) {
	i := bytes.IndexByte(s, '=')
	if i < 0 || !ValidName(s[:i]) {
		return a, nil, fmt.Errorf("%w: %.40q is not name=value", ErrSyntax, firstWord(s))
	}
	a.name = string(s[:i])
	a.value, rest, err = parseValue(s[i+1:])
	if err != nil {
		return a, nil, fmt.Errorf("%w: value of %s %w", ErrSyntax, a.name, err)
	}
	return a, rest, nil
}

var (
	errQuotes = errors.New("is not properly quoted")
	errBehind = errors.New("goes on behind its quotes")
)

func parseValue(s []byte) (value string, rest []byte, err error) {
	if len(s) == 0 || s[0] != '"' {
		word := firstWord(s)
		return string(word), s[len(word):], nil
	}
	end := closingQuote(s)
	if end < 0 {
		return "", nil, errQuotes
	}
	value, err = strconv.Unquote(string(s[:end+1]))
	if err != nil {
		return "", nil, errQuotes
	}
	rest = s[end+1:]
	if len(rest) > 0 && !blank(rest[0]) {
		return "", nil, errBehind
	}
	return value, rest, nil
}

// closingQuote returns the place of the quote that ends the string at the
// beginning of s, or -1.
func closingQuote(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

func firstWord(s []byte) []byte {
	for i, c := range s {
		if blank(c) {
			return s[:i]
		}
	}
	return s
}

func skipBlanks(s []byte) []byte {
	for len(s) > 0 && blank(s[0]) {
		s = s[1:]
	}
	return s
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

// IsLine reports whether a tool that reads both takes the line for a record:
// its first word has a "=" behind the name of an attribute in the table.
func IsLine(line []byte) bool {
	name, _, ok := bytes.Cut(firstWord(skipBlanks(line)), []byte("="))
	if !ok {
		return false
	}
	_, ok = Find(string(name))
	return ok
}

// usualOfWords is for how many attributes a record of words has room at once: the
// words, and what a tool adds.
const usualOfWords = 8

// FromWords makes a record of the bare words that asmtpd's test modes took,
// "address [sender [helo]]", which become client_address, sender and helo_name.
// A sender written <> is the null one. The error is ErrSyntax.
func FromWords(words []string) (Record, error) {
	if len(words) == 0 || len(words) > 3 {
		return Record{}, fmt.Errorf("%w: want name=value ... or address [sender [helo]]", ErrSyntax)
	}
	r := Record{attrs: make([]attr, 0, usualOfWords)}
	for i, name := range [...]string{"client_address", "sender", "helo_name"} {
		if i < len(words) {
			r.Set(name, strings.TrimSuffix(strings.TrimPrefix(words[i], "<"), ">"))
		}
	}
	return r, nil
}
