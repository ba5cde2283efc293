package conf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Table is a program's directives. It keeps nothing of those that neither a
// file nor a flag has set.
type Table struct {
	first   Section
	dialect Dialect // of the file that was loaded, "" for none
	states  []*state
}

// NewTable makes the table of a program from its sections.
func NewTable(sections ...Section) *Table {
	t := new(Table)
	for _, s := range slices.Backward(sections) {
		s.setNext(t.first)
		t.first = s
	}
	return t
}

// Dialect is that of the file that was loaded, "" when there was none.
func (t *Table) Dialect() Dialect { return t.dialect }

// state is what has happened to a directive.
type state struct {
	index int        // the directive's place in the table
	first string     // place of its first line
	from  string     // place of the last line that was obeyed, or a flag's name
	given [][]string // what Set was given, for a Value that cannot Show
	flag  string     // a flag that wins over files
	args  []string   // what the flag gave
}

// Load sets the defaults of dialect d, then obeys the lines. Unknown names and
// bad arguments are errors in the native and proxsmtpd dialects, Warnings in
// the others; all of them come back at once. In the native dialect a directive
// without Repeat is an error the second time; in the others the last one counts.
func (t *Table) Load(d Dialect, lines []Line) error {
	bad := complaints{lenient: d.lenient()}
	t.forget()
	t.setDefaults(d, &bad)
	for _, line := range lines {
		if err := t.obey(line); err != nil {
			bad.add(line.Pos(), "%w", err)
		}
	}
	for _, st := range t.states {
		if st.flag != "" {
			row := t.at(st.index)
			st.set(&row, st.flag, st.args)
		}
	}
	return bad.result()
}

// forget drops all that is known of a file that was loaded before.
func (t *Table) forget() {
	for _, st := range t.states {
		*st = state{index: st.index, flag: st.flag, args: st.args}
	}
}

// setDefaults gives the directives what they are in a program of dialect d.
func (t *Table) setDefaults(d Dialect, bad *complaints) {
	t.dialect = d
	if d == Native {
		return
	}
	for _, row := range t.all {
		text := row.Old.of(d)
		if text == "" || row.inert() {
			continue
		}
		if err := row.defaultTo(text); err != nil {
			bad.add(row.Name, "default of %s: %w", d, err)
		}
	}
}

// obey finds the directive of one line and sets it.
func (t *Table) obey(line Line) error {
	index, negated := t.find(line.Name, line.Style)
	if index < 0 {
		return t.unknown(line)
	}
	row, st := t.at(index), t.state(index)
	if t.dialect == Native && st.first != "" && !row.Repeat && !row.Style {
		return fmt.Errorf("%s is set already, at %s", row.Name, st.first)
	}
	if st.first == "" {
		st.first = line.Pos()
	}
	args, err := row.arguments(t.dialect, line, negated)
	if err == nil && st.from == "" {
		err = st.set(&row, line.Pos(), args)
	} else if err == nil {
		err = st.add(&row, line.Pos(), args)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", line.Name, err)
	}
	return nil
}

// FlagError is a value on the command line that its directive refuses: a fault
// of usage, not of the configuration.
type FlagError struct {
	Flag string // as people write it: "-h"
	Err  error
}

func (e *FlagError) Error() string { return e.Flag + ": " + e.Err.Error() }
func (e *FlagError) Unwrap() error { return e.Err }

// Flag sets the directive called name from the command line, where flag is the
// option's name as people write it ("-h"). It wins over lines of files, whether
// they are loaded before or after. Its errors are *FlagError.
func (t *Table) Flag(flag, name string, args ...string) error {
	index, negated := t.find(name, false)
	if index < 0 || negated {
		return &FlagError{flag, fmt.Errorf("unknown directive %q", name)}
	}
	row, st := t.at(index), t.state(index)
	if err := st.set(&row, flag, args); err != nil {
		return &FlagError{flag, err}
	}
	st.flag, st.args = flag, args
	return nil
}

// find gives the place of a directive, as Section.find does.
func (t *Table) find(name string, style bool) (index int, negated bool) {
	before := 0
	for s := t.first; s != nil; s = s.next() {
		if i, negated := s.find(name, style); i >= 0 {
			return before + i, negated
		}
		before += s.len()
	}
	return -1, false
}

// Names gives the names of the directives: those that this program obeys, and
// those that it only accepts.
func (t *Table) Names() (obeyed, inert []string) {
	for _, row := range t.all {
		if row.inert() {
			inert = append(inert, row.Name)
		} else {
			obeyed = append(obeyed, row.Name)
		}
	}
	return obeyed, inert
}

// at gives the directive in a place that find gave.
func (t *Table) at(index int) directive {
	for s := t.first; s != nil; s = s.next() {
		if index < s.len() {
			return s.at(index)
		}
		index -= s.len()
	}
	panic("conf: no such row") // not reached: find gives places of rows
}

// all goes through the directives and their places.
func (t *Table) all(yield func(int, directive) bool) {
	index := 0
	for s := t.first; s != nil; s = s.next() {
		for i := range s.len() {
			if !yield(index, s.at(i)) {
				return
			}
			index++
		}
	}
}

// state gives what is known of a directive; there is a state from then on.
func (t *Table) state(index int) *state {
	st := t.known(index)
	if st == nil {
		st = &state{index: index}
		t.states = append(t.states, st)
	}
	return st
}

// known gives what is known of a directive, nil when nothing has set it.
func (t *Table) known(index int) *state {
	for _, st := range t.states {
		if st.index == index {
			return st
		}
	}
	return nil
}

// set sets the row to args alone. When they are wrong it keeps what it had.
func (st *state) set(row *directive, from string, args []string) error {
	var held [][]string
	if row.Show != nil {
		held = row.Show()
	}
	row.reset()
	if err := row.give(args); err != nil {
		row.restore(held)
		return err
	}
	st.from, st.given = from, [][]string{args}
	return nil
}

// add gives the row one line more.
func (st *state) add(row *directive, from string, args []string) error {
	err := row.give(args)
	if err == nil {
		st.from, st.given = from, append(st.given, args)
	}
	return err
}

// arguments gives the line's arguments as the row's Set wants them.
func (row *directive) arguments(d Dialect, line Line, negated bool) ([]string, error) {
	switch {
	case line.Style:
		return append([]string{line.Name}, line.Args...), nil
	case row.Raw && (d == ZMailer || d == Proxsmtpd):
		return []string{line.Raw}, nil
	case row.Raw:
		return []string{strings.Join(line.Args, " ")}, nil
	case row.boolean && d == Plan9:
		return plan9Bool(line.Args)
	case negated:
		return negate(line.Args)
	}
	return line.Args, nil
}

// plan9Bool has upas's rule: only the word on counts.
func plan9Bool(args []string) ([]string, error) {
	if len(args) == 1 && (args[0] == "on" || args[0] == "off") {
		return args, nil
	}
	return nil, errors.New("needs the word on or off")
}

// negate gives the opposite of a Bool's arguments.
func negate(args []string) ([]string, error) {
	on, err := parseBool(args)
	if err != nil {
		return nil, err
	}
	return []string{boolWord(!on)}, nil
}

// reset empties the variable, for a list.
func (row *directive) reset() {
	if row.Reset != nil {
		row.Reset()
	}
}

// restore sets the variable to what Show gave.
func (row *directive) restore(held [][]string) {
	row.reset()
	for _, args := range held {
		row.Set(args)
	}
}

// give sets the variable, if there is one.
func (row *directive) give(args []string) error {
	if row.inert() {
		return nil
	}
	return row.Set(args)
}

// defaultTo sets the variable from a default.
func (row *directive) defaultTo(text string) error {
	row.reset()
	words, complaint := splitNative(text)
	switch {
	case complaint != "":
		return errors.New(complaint)
	case len(words) == 0:
		return nil
	case row.Raw:
		words = []string{strings.Join(words, " ")}
	}
	return row.Set(words)
}
