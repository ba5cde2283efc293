package conf

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"
)

// Check writes what is in force, a line for each directive that reads as one of
// a native file: `MaxRcpts 100  # smtpd.conf:7`. What is not set stands in a
// comment. Directives that other programs obey, or that do nothing, are shown
// when the file has them.
func (t *Table) Check(w io.Writer) error {
	b := bufio.NewWriter(w)
	for index, row := range t.all {
		var st state
		if known := t.known(index); known != nil {
			st = *known
		}
		if row.inert() && st.from == "" {
			continue
		}
		lines := row.inForce(t.dialect, st)
		for _, args := range lines {
			fmt.Fprintf(b, "%s  # %s\n", strings.TrimRight(row.Name+" "+quoteAll(args), " "), row.origin(t.dialect, st))
		}
		if len(lines) == 0 {
			fmt.Fprintf(b, "#%s  # %s\n", row.Name, row.origin(t.dialect, st))
		}
	}
	return b.Flush()
}

// inForce gives the lines that would set the directive to what it is.
func (row *directive) inForce(d Dialect, st state) [][]string {
	switch {
	case row.Show != nil:
		return row.Show()
	case st.from != "":
		return st.given
	}
	words, _ := splitNative(cmp.Or(row.Old.of(d), row.Default))
	if len(words) == 0 {
		return nil
	}
	return [][]string{words}
}

// origin says where the directive's value is from.
func (row *directive) origin(d Dialect, st state) string {
	from := st.from
	if from == "" {
		from = "default"
		if old := row.Unsafe.of(d); old != "" {
			from += fmt.Sprintf("; that of %s, %s, would be unsafe", d, old)
		}
	}
	switch {
	case row.Other != "":
		from += ", obeyed by " + row.Other
	case row.Void != "":
		from += ", has no effect: " + row.Void
	case row.Note != nil:
		if note := row.Note(); note != "" {
			from += "; " + note
		}
	}
	return from
}
