package smtp

// Param is one parameter of an ESMTP command (RFC 5321 4.1.2: esmtp-param).
type Param struct {
	Keyword  string // in capitals
	Value    string
	HasValue bool // KEYWORD= and KEYWORD are different things
}

// ParseParams parses what stands behind a path: blanks and parameters. A
// keyword that comes twice is an error.
func ParseParams(rest string) ([]Param, error) { return nil, nil }

// ParseSize parses the decimal number of SIZE= and BDAT: 1 to 20 digits
// (RFC 1870 section 6) that fit in an int64.
func ParseSize(s string) (int64, error) { return 0, nil }

// DecodeXtext undoes xtext (RFC 3461 section 4).
func DecodeXtext(s string) (string, error) { return "", nil }

// EncodeXtext writes s as xtext.
func EncodeXtext(s string) string { return "" }
