package conf

import (
	"errors"
	"fmt"
	"strings"
)

// Verify looks for mistakes in the table itself, for the program's tests: names
// used twice, rows without help, and defaults that differ from what the
// variables hold before anything is loaded. It leaves the variables as it found
// them.
func (t *Table) Verify() error {
	var errs []error
	seen := make(map[string]string)
	for _, row := range t.all {
		for _, name := range row.names() {
			key := fold(strings.TrimPrefix(name, "!"))
			if other, ok := seen[key]; ok {
				errs = append(errs, fmt.Errorf("%s: the name %s is that of %s too", row.Name, name, other))
			}
			seen[key] = row.Name
		}
		if err := row.verify(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", row.Name, err))
		}
	}
	return errors.Join(errs...)
}

func (row *directive) verify() error {
	switch {
	case row.Void != "", row.Other != "":
		return nil
	case strings.TrimSpace(row.Help) == "":
		return errors.New("no help")
	case row.Set == nil:
		return errors.New("nothing to set")
	case row.Show == nil:
		return nil
	}
	held := row.Show()
	defer row.restore(held)
	for _, d := range oldDialects {
		if err := row.defaultTo(row.Old.of(d)); err != nil {
			return fmt.Errorf("default %q of %s: %w", row.Old.of(d), d, err)
		}
	}
	if err := row.defaultTo(row.Default); err != nil {
		return fmt.Errorf("default %q: %w", row.Default, err)
	}
	if got, want := quoteLines(row.Show()), quoteLines(held); row.Default != "" && got != want {
		return fmt.Errorf("default %s, but the variable is %s", got, want)
	}
	if row.Default == "" && len(held) > 0 {
		return fmt.Errorf("no default, but the variable is %s", quoteLines(held))
	}
	return nil
}

func quoteLines(lines [][]string) string {
	var parts []string
	for _, args := range lines {
		parts = append(parts, quoteAll(args))
	}
	return strings.Join(parts, "; ")
}
