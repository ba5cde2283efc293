package record

import "strings"

const (
	maxToken = 512 // octets of one blank-free word; keeps lines below 998 (RFC 5322 2.1.1)
	foldAt   = 78  // columns (RFC 5322 2.1.1)
)

// XAvengerName is the name of the field.
const XAvengerName = "X-Avenger"

// AppendXAvenger appends the body of the X-Avenger header field, the tokens of
// the record's attributes in the order of the table:
//
//	version=1; receiver=mx.example; client-ip=192.0.2.1; client-port=4242;
//		colon-space; network-path=192.0.2.7 192.0.2.1
//
// It is folded with LF and a tab, and has no line end behind it. What could be
// mistaken for the form, ";" and everything but printable ASCII, becomes "?".
func (r *Record) AppendXAvenger(b []byte) []byte {
	f := folder{out: b, column: len(XAvengerName + ": ")}
	for i := range table {
		a := &table[i]
		value, ok := r.Lookup(a.Name)
		if a.Token == "" || !ok || a.Flag && !isSet(value) {
			continue
		}
		f.token(a, value)
	}
	return f.out
}

// isSet is how a flag is read: absent, empty and 0 are no.
func isSet(value string) bool { return value != "" && value != "0" }

// folder writes words with blanks between them, or a fold where one would go
// beyond foldAt.
type folder struct {
	out    []byte
	column int
	open   bool // something stands before
}

func (f *folder) token(a *Attribute, value string) {
	if f.open {
		f.out = append(f.out, ';')
		f.column++
	}
	words := strings.Fields(value)
	if a.Flag || len(words) == 0 {
		words = []string{""}
	}
	if !a.Flag {
		words[0] = "=" + words[0]
	}
	words[0] = a.Token + words[0]
	for _, w := range words {
		f.word(strings.Map(tokenRune, w[:min(len(w), maxToken)]))
	}
}

func (f *folder) word(w string) {
	switch {
	case !f.open:
	case f.column+1+len(w) < foldAt:
		f.out = append(f.out, ' ')
		f.column++
	default:
		f.out = append(f.out, "\n\t"...)
		f.column = 8
	}
	f.out = append(f.out, w...)
	f.column += len(w)
	f.open = true
}

func tokenRune(c rune) rune {
	if c <= ' ' || c >= 0x7f || c == ';' {
		return '?'
	}
	return c
}
