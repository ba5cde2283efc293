package conf

import (
	"io"
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
	Set   Value

	from  string     // where the value in force is from, "" for the default
	given [][]string // what Set was given, for a Value that cannot Show
	flag  []string   // what a flag gave, which wins over files
}

// Table is a program's directives.
type Table []Directive

// Load sets the defaults of dialect d, then obeys the lines. Unknown names and
// bad arguments are errors in the native and proxsmtpd dialects, Warnings in
// the others; all of them come back at once.
func (t Table) Load(d Dialect, lines []Line) error { return nil }

// Flag sets the directive called name from the command line, where flag is the
// option's name as people write it ("-h"). It wins over lines of files, whether
// they are loaded before or after.
func (t Table) Flag(flag, name string, args ...string) error { return nil }

// Check writes what is in force, a line for each directive that reads as one of
// a native file: `MaxRcpts 100  # smtpd.conf:7`.
func (t Table) Check(w io.Writer) error { return nil }

// Mdoc writes the table as the list of directives of a manual page.
func (t Table) Mdoc(w io.Writer) error { return nil }

// Verify looks for mistakes in the table itself, for the program's tests: names
// used twice, rows without help, and defaults that differ from what the
// variables hold before anything is loaded.
func (t Table) Verify() error { return nil }
