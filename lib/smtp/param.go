package smtp

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxParams bounds the parameters of one command; all extensions together
// know fewer.
const maxParams = 32

// Param is one parameter of an ESMTP command (RFC 5321 4.1.2: esmtp-param).
type Param struct {
	Keyword  string // in capitals
	Value    string
	HasValue bool // KEYWORD= and KEYWORD are different things
}

// ParseParams parses what stands behind a path: blanks and parameters. A
// keyword that comes twice is an error.
func ParseParams(rest string) ([]Param, error) {
	var params []Param
	for word := range strings.FieldsFuncSeq(rest, isBlank) {
		p, err := parseParam(word)
		if err != nil {
			return nil, err
		}
		if hasParam(params, p.Keyword) {
			return nil, errors.New("parameter given twice")
		}
		if params = append(params, p); len(params) > maxParams {
			return nil, errors.New("too many parameters")
		}
	}
	return params, nil
}

func isBlank(c rune) bool { return c == ' ' || c == '\t' }

func hasParam(params []Param, keyword string) bool {
	for _, p := range params {
		if p.Keyword == keyword {
			return true
		}
	}
	return false
}

func parseParam(word string) (p Param, err error) {
	p.Keyword, p.Value, p.HasValue = strings.Cut(word, "=")
	if !isKeyword(p.Keyword) {
		return Param{}, errors.New("malformed parameter")
	}
	if p.HasValue && !isValue(p.Value) {
		return Param{}, errors.New("malformed value of a parameter")
	}
	p.Keyword = strings.ToUpper(p.Keyword)
	return p, nil
}

// isKeyword checks an esmtp-keyword.
func isKeyword(s string) bool {
	if s == "" || s[0] == '-' {
		return false
	}
	for _, c := range s {
		if !isAlnum(c) && c != '-' {
			return false
		}
	}
	return true
}

// isValue checks an esmtp-value (with RFC 6531 3.3: UTF-8 too).
func isValue(s string) bool {
	for _, c := range s {
		if c <= ' ' || c == '=' || isControl(c) || c == utf8.RuneError {
			return false
		}
	}
	return s != ""
}

// MaxEnvID bounds an ENVID, decoded (RFC 3461 4.4).
const MaxEnvID = 100

// ValidEnvID says whether a decoded ENVID is one: printable ASCII alone
// (RFC 3461 4.4). The next server would refuse a message for any other.
func ValidEnvID(s string) bool {
	printable := !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c > '~' })
	return s != "" && len(s) <= MaxEnvID && printable
}

// ErrSizeRange is a size that is well formed and larger than any message.
var ErrSizeRange = errors.New("size out of range")

// ParseSize parses the decimal number of SIZE= and BDAT: 1 to 20 digits
// (RFC 1870 section 6). One that does not fit in an int64 is ErrSizeRange.
func ParseSize(s string) (int64, error) {
	const maxDigits = 20
	if s == "" || len(s) > maxDigits || strings.ContainsFunc(s, func(c rune) bool { return !isDigit(c) }) {
		return 0, errors.New("not a size")
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, ErrSizeRange
	}
	return n, nil
}
