package conf

import (
	"errors"
	"fmt"
	"strings"
)

// Value is the variable behind a directive. The functions of this package that
// make one (String, Bool, Int ...) serve most directives, and Func the others.
type Value struct {
	// Set takes the arguments of one line. Its error says what is wrong
	// with them; file, line and name are added by Load.
	Set func(args []string) error
	// Show gives what would set the variable to what it is now, the
	// arguments of one line or of several; nothing when it is not set.
	// Without it Check shows what Set was last given.
	Show func() [][]string
	// Reset empties the variable in front of the first line of a file, so
	// that a file replaces a default list and does not add to it.
	Reset func()
	// Note gives what Check says of the value behind its place: what of it
	// means nothing here. It may be nil, and give "".
	Note func() string

	boolean bool
}

// Directive is one row of a program's table.
type Directive struct {
	Name string
	// Synonyms are its other names. One that begins with "!" turns a Bool
	// the other way: "!NoDSN".
	Synonyms []string
	// Args is what the help shows behind the name: "bytes", "[0|1]",
	// "domain ...".
	Args string
	// Default is what stands behind the name in a file that changes
	// nothing, in the native grammar; "" when nothing is set.
	Default string
	// Dialects has the defaults of other dialects where their programs had
	// others.
	Dialects map[Dialect]string
	// Unsafe has the defaults of old programs that are not followed since
	// they would be unsafe today. Check names them.
	Unsafe map[Dialect]string
	// Help is one line, a sentence or two.
	Help string
	// Raw gives the text behind the name to Set as one argument.
	Raw bool
	// Repeat allows several lines.
	Repeat bool
	// Style takes the style lines of the ZMailer dialect; the arguments are
	// pattern, flags and, where the line has one, the load.
	Style bool
	// Other names the program that obeys the directive, when it is not this
	// one: the line is accepted and ignored. Set is not needed then.
	Other string
	// Void says why the directive of an old program does nothing today: the
	// line is accepted and ignored, and Check says so. Set is not needed then.
	Void string
	Set  Value

	state state
}

// state is what has happened to a directive.
type state struct {
	dialect Dialect    // of the file that was loaded
	first   string     // place of its first line
	from    string     // place of the last line that was obeyed, or a flag's name
	given   [][]string // what Set was given, for a Value that cannot Show
	flag    string     // a flag that wins over files
	args    []string   // what the flag gave
}

// Table is a program's directives.
type Table []Directive

// Dialect is that of the file that was loaded, "" when there was none.
func (t Table) Dialect() Dialect {
	if len(t) == 0 {
		return ""
	}
	return t[0].state.dialect
}

// Load sets the defaults of dialect d, then obeys the lines. Unknown names and
// bad arguments are errors in the native and proxsmtpd dialects, Warnings in
// the others; all of them come back at once. In the native dialect a directive
// without Repeat is an error the second time; in the others the last one counts.
func (t Table) Load(d Dialect, lines []Line) error {
	bad := complaints{lenient: d.lenient()}
	t.setDefaults(d, &bad)
	for _, line := range lines {
		if err := t.obey(d, line); err != nil {
			bad.add(line.Pos(), "%w", err)
		}
	}
	for i := range t {
		if st := &t[i].state; st.flag != "" {
			st.from = st.flag
			t[i].replace(st.args)
		}
	}
	return bad.result()
}

// setDefaults gives the directives what they are in a program of dialect d.
func (t Table) setDefaults(d Dialect, bad *complaints) {
	for i := range t {
		row := &t[i]
		row.state = state{dialect: d, flag: row.state.flag, args: row.state.args}
		text, ok := row.Dialects[d]
		if !ok || row.inert() {
			continue
		}
		row.reset()
		if err := row.setText(text); err != nil {
			bad.add(row.Name, "default of %s: %w", d, err)
		}
	}
}

// obey finds the directive of one line and sets it.
func (t Table) obey(d Dialect, line Line) error {
	row, negated := t.find(line.Name, line.Style)
	if row == nil {
		return t.unknown(line)
	}
	if d == Native && row.state.first != "" && !row.Repeat && !row.Style {
		return fmt.Errorf("%s is set already, at %s", row.Name, row.state.first)
	}
	args, err := row.arguments(d, line, negated)
	if err != nil {
		return fmt.Errorf("%s: %w", line.Name, err)
	}
	give := row.give
	if row.state.first == "" {
		give = row.replace
		row.state.first = line.Pos()
	}
	if err := give(args); err != nil {
		return fmt.Errorf("%s: %w", line.Name, err)
	}
	row.state.from = line.Pos()
	return nil
}

// Flag sets the directive called name from the command line, where flag is the
// option's name as people write it ("-h"). It wins over lines of files, whether
// they are loaded before or after.
func (t Table) Flag(flag, name string, args ...string) error {
	row, negated := t.find(name, false)
	if row == nil || negated {
		return fmt.Errorf("%s: unknown directive %q", flag, name)
	}
	if err := row.replace(args); err != nil {
		return err
	}
	row.state.flag, row.state.args, row.state.from = flag, args, flag
	return nil
}

// find gives the row called name, whatever its case and hyphens, or the one for
// style lines; negated tells that the name turns it the other way.
func (t Table) find(name string, style bool) (row *Directive, negated bool) {
	name = fold(name)
	for i := range t {
		row = &t[i]
		if style && row.Style || !style && fold(row.Name) == name {
			return row, false
		}
		if style {
			continue
		}
		for _, synonym := range row.Synonyms {
			synonym, negated = strings.CutPrefix(synonym, "!")
			if fold(synonym) == name {
				return row, negated
			}
		}
	}
	return nil, false
}

// arguments gives the line's arguments as the row's Set wants them.
func (row *Directive) arguments(d Dialect, line Line, negated bool) ([]string, error) {
	switch {
	case line.Style:
		return append([]string{line.Name}, line.Args...), nil
	case row.Raw && (d == ZMailer || d == Proxsmtpd):
		return []string{line.Raw}, nil
	case row.Raw:
		return []string{strings.Join(line.Args, " ")}, nil
	case row.Set.boolean && d == Plan9:
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

func (row *Directive) reset() {
	row.state.given = nil
	if row.Set.Reset != nil {
		row.Set.Reset()
	}
}

// replace sets the row to args alone. When they are wrong it keeps what it had.
func (row *Directive) replace(args []string) error {
	var held [][]string
	if row.Set.Show != nil {
		held = row.Set.Show()
	}
	row.reset()
	err := row.give(args)
	if err != nil {
		row.restore(held)
	}
	return err
}

// restore sets the variable to what Show gave.
func (row *Directive) restore(held [][]string) {
	row.reset()
	for _, args := range held {
		row.Set.Set(args)
	}
}

// inert says whether this program has nothing to set from the row.
func (row *Directive) inert() bool { return row.Other != "" || row.Void != "" }

// give sets the row, unless it is inert.
func (row *Directive) give(args []string) error {
	if !row.inert() {
		if err := row.Set.Set(args); err != nil {
			return err
		}
	}
	row.state.given = append(row.state.given, args)
	return nil
}

// setText sets the row from a default, in which "" means nothing.
func (row *Directive) setText(text string) error {
	words, complaint := splitNative(text)
	switch {
	case complaint != "":
		return errors.New(complaint)
	case text == "":
		return nil
	case row.Raw:
		words = []string{strings.Join(words, " ")}
	}
	return row.Set.Set(words)
}
