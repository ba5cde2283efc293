package conf

import (
	"errors"
	"io/fs"
	"slices"
)

// Source is the file of a program's configuration.
type Source struct {
	// Spec is what -C said, "file" or "dialect:file"; "" means Usual.
	Spec string
	// Usual is the file that is read when Spec is empty. It need not exist.
	Usual string
	// Face is the dialect of a file that names none, "" for native.
	Face Dialect
	// Foreign says that the file is another program's, which is the one to
	// complain of directives that are not in this table.
	Foreign bool
}

// ReadFile reads a program's configuration and loads it. The complaints of Read
// and Load come together: warnings are to be logged, and fatal ends the program.
// Nothing is loaded when the file cannot be read; without Spec and without the
// usual file all stays as it is.
func (t *Table) ReadFile(s Source) (warnings Warnings, fatal error) {
	spec := s.Spec
	if spec == "" {
		spec = s.Usual
	}
	d, lines, err := Read(spec, s.Face)
	if s.Spec == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	warnings, fatal = Split(err)
	if fatal != nil && lines == nil {
		return nil, fatal
	}
	if s.Foreign {
		lines = t.Own(lines)
	}
	more, fatalToo := Split(t.Load(d, lines))
	return append(warnings, more...), errors.Join(fatal, fatalToo)
}

// Own gives the lines whose directives are in the table, for a program that
// reads a file which is another's.
func (t *Table) Own(lines []Line) []Line {
	return slices.DeleteFunc(slices.Clone(lines), func(l Line) bool {
		index, _ := t.find(l.Name, l.Style)
		return index < 0
	})
}
