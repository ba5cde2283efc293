package dsn

import "strings"

// column is where lines are broken, where a blank allows it.
const column = 76

// fold is the body of a field on as many lines as it needs (RFC 5322 2.2.3).
func fold(s string) string { return strings.TrimPrefix(wrap("    ", s), "    ") }

// wrap is a paragraph, indented, without its last line end. Words that are
// longer than a line stand on one of their own.
func wrap(indent, s string) string {
	var b strings.Builder
	width := 0
	for word := range strings.FieldsSeq(s) {
		switch {
		case width == 0:
			b.WriteString(indent)
			width = len(indent)
		case width+1+len(word) > column:
			b.WriteString("\n" + indent)
			width = len(indent)
		default:
			b.WriteByte(' ')
			width++
		}
		b.WriteString(word)
		width += len(word)
	}
	return b.String()
}
