package conf

import "strings"

// Row is one directive of a program whose variables are in a C. Rows are data:
// a package-level slice of them, with nothing computed in it, is laid out by
// the linker, and a process that starts pays nothing for the rows it has:
//
//	var rows = []conf.Row[config]{
//		{Name: "MaxRcpts", Args: "number", Default: "100", Help: "Recipients of a message.",
//			Value: func(c *config) conf.Value { return conf.Int(&c.maxRcpts, 1, 50000) }},
//	}
type Row[C any] struct {
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
	// Old has the defaults of old programs that had others, and which are
	// followed in files of theirs.
	Old Old
	// Unsafe has the defaults of old programs that are not followed since
	// they would be unsafe today. Check names them.
	Unsafe Old
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
	// one: the line is accepted and ignored. Value is not needed then.
	Other string
	// Void says why the directive of an old program does nothing today: the
	// line is accepted and ignored, and Check says so. Value is not needed
	// then.
	Void string
	// Value gives the variable behind the directive, one of c's. It is
	// called when the directive is set or shown, each time anew.
	Value func(c *C) Value
}

// Old has what a directive is in the programs of the other dialects, in the
// native grammar: "" where that is as here, Unset where nothing is set.
type Old struct{ Avenger, Plan9, ZMailer, Proxsmtpd string }

// oldDialects are those of Old, in the order of their names.
var oldDialects = [...]Dialect{Avenger, Plan9, Proxsmtpd, ZMailer}

// Unset is the default that sets nothing: a comment.
const Unset = "#"

// of is the default in dialect d, "" for the directive's own.
func (o *Old) of(d Dialect) string {
	switch d {
	case Avenger:
		return o.Avenger
	case Plan9:
		return o.Plan9
	case ZMailer:
		return o.ZMailer
	case Proxsmtpd:
		return o.Proxsmtpd
	}
	return ""
}

// Section is a part of a Table: rows, and what holds their variables.
type Section interface {
	// The sections of a table are a chain: next is the one behind, or nil.
	next() Section
	setNext(Section)
	len() int
	at(i int) directive
	// find gives the row called name, whatever its case and hyphens, or the
	// one for style lines, -1 for none; negated tells that the name turns
	// it the other way.
	find(name string, style bool) (i int, negated bool)
}

// Of makes a section of rows and the c whose variables they set.
func Of[C any](rows []Row[C], c *C) Section { return &section[C]{rows: rows, c: c} }

type section[C any] struct {
	rows []Row[C]
	c    *C
	rest Section
}

func (s *section[C]) next() Section        { return s.rest }
func (s *section[C]) setNext(rest Section) { s.rest = rest }

// directive is a row with its variable, whatever it is in.
type directive struct {
	row
	Value
}

// row is a Row without what it sets.
type row = Row[struct{}]

// names are all that the directive is called, those that negate it with their "!".
func (row *directive) names() []string { return append([]string{row.Name}, row.Synonyms...) }

// inert says whether this program has nothing to set from the row.
func (row *directive) inert() bool { return row.Other != "" || row.Void != "" }

func (s *section[C]) len() int { return len(s.rows) }

func (s *section[C]) at(i int) directive {
	r := &s.rows[i]
	d := directive{row: row{
		Name: r.Name, Synonyms: r.Synonyms, Args: r.Args, Default: r.Default, Old: r.Old, Unsafe: r.Unsafe,
		Help: r.Help, Raw: r.Raw, Repeat: r.Repeat, Style: r.Style, Other: r.Other, Void: r.Void,
	}}
	if r.Value != nil {
		d.Value = r.Value(s.c)
	}
	return d
}

func (s *section[C]) find(name string, style bool) (i int, negated bool) {
	for i := range s.rows {
		r := &s.rows[i]
		if style && r.Style || !style && same(r.Name, name) {
			return i, false
		}
		if style {
			continue
		}
		for _, synonym := range r.Synonyms {
			synonym, negated = strings.CutPrefix(synonym, "!")
			if same(synonym, name) {
				return i, negated
			}
		}
	}
	return -1, false
}

// same tells whether two names are one, as fold has it, without memory.
func same(a, b string) bool {
	for {
		a, b = strings.TrimLeft(a, "-"), strings.TrimLeft(b, "-")
		if a == "" || b == "" {
			return a == b
		}
		if lower(a[0]) != lower(b[0]) {
			return false
		}
		a, b = a[1:], b[1:]
	}
}
