package conf

import (
	"fmt"
	"strings"
)

// maxTypos is how many letters may be wrong, missing or exchanged in a name
// that is still recognized.
const maxTypos = 2

// maxName bounds the names that are compared.
const maxName = 64

// unknown says that there is no such directive, and which may have been meant.
func (t *Table) unknown(line Line) error {
	if line.Style {
		return fmt.Errorf("style lines are not used here (pattern %q)", line.Name)
	}
	if meant := t.suggest(line.Name); meant != "" {
		return fmt.Errorf("unknown directive %q (did you mean %s?)", line.Name, meant)
	}
	return fmt.Errorf("unknown directive %q", line.Name)
}

// suggest gives the name that is nearest to a wrong one, "" when none is near.
func (t *Table) suggest(wrong string) string {
	wrong = fold(wrong)
	best, found := min(maxTypos, len(wrong)/2)+1, ""
	if len(wrong) > maxName {
		return ""
	}
	for _, row := range t.all {
		for _, name := range row.names() {
			name = strings.TrimPrefix(name, "!")
			if n := distance(wrong, fold(name)); n < best {
				best, found = n, name
			}
		}
	}
	return found
}

// distance counts the letters to insert, delete, replace or exchange with their
// neighbour to make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, row = last, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
