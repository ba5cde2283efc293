package header

import "strings"

// Names of the fields in which a receiver says what it found out.
const (
	AuthResultsName = "Authentication-Results" // RFC 8601
	ReceivedSPFName = "Received-SPF"           // RFC 7208 9.1
)

// AppendPieces writes a field with LF: its name, and pieces between which it is
// folded at 78 columns. The pieces are known to be fit for a field.
func AppendPieces(b []byte, name string, pieces []string) []byte {
	f := folder{b: append(append(b, name...), ':'), col: len(name) + 1}
	for _, p := range pieces {
		f.add(p)
	}
	return append(f.b, '\n')
}

// AppendAuthResults writes an Authentication-Results field (RFC 8601 2.2) of
// the server that calls itself id. Each result has its pieces: "spf=pass",
// "smtp.mailfrom=a@example.org".
func AppendAuthResults(b []byte, id string, results [][]string) []byte {
	pieces := []string{value(id)}
	for _, r := range results {
		pieces[len(pieces)-1] += ";"
		pieces = append(pieces, r...)
	}
	return AppendPieces(b, AuthResultsName, pieces)
}

// endsToken is what no token has in it (RFC 2045 5.1), besides blanks.
const endsToken = `()<>@,;:\"/[]?=`

// value is a token, or a quoted string of what is none (RFC 8601 2.2).
func value(s string) string {
	if s = token(s); strings.ContainsAny(s, endsToken) {
		return `"` + s + `"`
	}
	return s
}

// AuthservID returns who the body of an Authentication-Results field says that
// it is from (RFC 8601 2.2), in lower case and without a final dot: the first
// word, or quoted string, behind comments. It is "" when there is none.
func AuthservID(body string) string {
	body = skipBlanks(body)
	id, _ := atom(body, blanks+endsToken)
	if strings.HasPrefix(body, `"`) {
		id = unquote(body[:len(body)-len(skipQuoted(body))])
	}
	return strings.ToLower(strings.TrimSuffix(id, "."))
}

// unquote returns what a quoted string says.
func unquote(s string) string {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String()
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
