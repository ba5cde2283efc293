package conf

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Check writes what is in force, a line for each directive that reads as one of
// a native file: `MaxRcpts 100  # smtpd.conf:7`. What is not set stands in a
// comment. Directives that other programs obey, or that do nothing, are shown
// when the file has them.
func (t Table) Check(w io.Writer) error {
	b := bufio.NewWriter(w)
	for i := range t {
		row := &t[i]
		if row.inert() && row.state.from == "" {
			continue
		}
		lines := row.inForce()
		for _, args := range lines {
			fmt.Fprintf(b, "%s  # %s\n", strings.TrimRight(row.Name+" "+quoteAll(args), " "), row.origin())
		}
		if len(lines) == 0 {
			fmt.Fprintf(b, "#%s  # %s\n", row.Name, row.origin())
		}
	}
	return b.Flush()
}

// inForce gives the lines that would set the directive to what it is.
func (row *Directive) inForce() [][]string {
	switch {
	case row.Set.Show != nil:
		return row.Set.Show()
	case row.state.from != "":
		return row.state.given
	}
	text, ok := row.Dialects[row.state.dialect]
	if !ok {
		text = row.Default
	}
	words, _ := splitNative(text)
	if len(words) == 0 {
		return nil
	}
	return [][]string{words}
}

// origin says where the directive's value is from.
func (row *Directive) origin() string {
	from := row.state.from
	if from == "" {
		from = "default"
		if old := row.Unsafe[row.state.dialect]; old != "" {
			from += fmt.Sprintf("; that of %s, %s, would be unsafe", row.state.dialect, old)
		}
	}
	switch {
	case row.Other != "":
		from += ", obeyed by " + row.Other
	case row.Void != "":
		from += ", has no effect: " + row.Void
	case row.Set.Note != nil:
		if note := row.Set.Note(); note != "" {
			from += "; " + note
		}
	}
	return from
}
