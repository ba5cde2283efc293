package header

import (
	"bytes"
	"iter"
	"strings"
)

// maxName bounds a field name: it has to fit in a line (RFC 5322 2.1.1).
const maxName = 998

// Field is one field of a head.
type Field struct {
	Name string // as it stands; "" for lines that are no field
	Text []byte // all of it, name, folded lines and last LF included
}

// Is reports whether the field has the name, case aside.
func (f Field) Is(name string) bool { return strings.EqualFold(f.Name, name) }

// Body returns what the field says, on one line, blanks made one.
func (f Field) Body() string {
	_, body, _ := bytes.Cut(f.Text, []byte(":"))
	return string(bytes.Join(bytes.Fields(body), []byte(" ")))
}

// Cut reports that a Filter gave only the beginning of the field to its Edit,
// since the field is longer than MaxField: what the rest says was not seen.
func (f Field) Cut() bool { return len(f.Text) > MaxField }

// Fields yields the fields of a head, or of a message up to its empty line.
// Their text is that of head.
func Fields(head []byte) iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for len(head) > 0 && head[0] != '\n' {
			n := fieldLen(head)
			if !yield(newField(head[:n:n])) {
				return
			}
			head = head[n:]
		}
	}
}

// fieldLen returns the length of the first field: up to a line that does not
// begin with a blank (RFC 5322 2.2.3).
func fieldLen(head []byte) int {
	n := 0
	for {
		i := bytes.IndexByte(head[n:], '\n')
		if i < 0 {
			return len(head)
		}
		if n += i + 1; n == len(head) || !isBlank(head[n]) {
			return n
		}
	}
}

func newField(text []byte) Field { return Field{Name: fieldName(text), Text: text} }

// fieldName returns the name of a field, "" if text is none. Blanks before the
// colon, however many, are obsolete (RFC 5322 4.5) and a way to be overlooked;
// so is a fold there, which is nothing to those who unfold first.
func fieldName(text []byte) string {
	name, _, ok := bytes.Cut(text, []byte(":"))
	name = bytes.TrimRight(name, " \t\r\n")
	if !ok || len(name) > maxName {
		return ""
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f { // RFC 5322 3.6.8: ftext
			return ""
		}
	}
	return string(name)
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
