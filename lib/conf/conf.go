// Package conf reads configuration files in the grammars of five programs and
// sets from them the variables of a table of directives. It knows grammars, not
// options: each program has its own table.
//
// The native grammar has a directive and its arguments on a line, separated by
// blanks:
//
//	# a comment
//	Hostname   mail.example.org
//	TrustedNet 192.0.2.0/24 \
//	           2001:db8::/32
//	Banner     "%H ESMTP" # a word that begins with # begins a comment
//
// Double quotes protect blanks, a backslash the next character; a backslash at
// the end of a line joins the next line to it. The names of directives are the
// same whatever their case, and with or without hyphens.
package conf

import (
	"errors"
	"fmt"
	"strings"
)

// Dialect names a grammar, and with it the defaults of the program it is from.
type Dialect string

// The dialects.
const (
	// Native is the grammar described above.
	Native Dialect = "native"
	// Avenger is asmtpd.conf(5): as native, but # begins a comment only at
	// the beginning of a line.
	Avenger Dialect = "avenger"
	// Plan9 is the smtpd.conf of upas: words in lower case separated by
	// blanks and commas, # begins a comment anywhere, a backslash takes the
	// next character as it is, no quotes, no continuation.
	Plan9 Dialect = "plan9"
	// ZMailer is smtpserver.conf: lines "PARAM name arguments" with $NAME
	// expanded, and style lines.
	ZMailer Dialect = "zmailer"
	// Proxsmtpd is proxsmtpd.conf(5): "Name: value", the value to the end
	// of the line.
	Proxsmtpd Dialect = "proxsmtpd"
)

// Bounds on what is read.
const (
	// MaxFile is the longest file read, in octets.
	MaxFile = 1 << 20
	// MaxErrors is the number of complaints after which reading stops.
	MaxErrors = 100
)

// Line is one directive of a file.
type Line struct {
	File string // as the caller of Parse named it
	Num  int    // of its first line, from 1
	Name string // as written; the pattern when Style is set
	Args []string
	Raw  string // behind the name as it stands, blanks at both ends gone
	// Style marks a style line of the ZMailer dialect. Name is the pattern
	// in lower case, Args are the flags and, where the line has one, the
	// load.
	Style bool
}

// Pos is the place of the line, "smtpd.conf:12".
func (l Line) Pos() string { return fmt.Sprintf("%s:%d", l.File, l.Num) }

// Warnings are complaints about a file that do not keep it from being obeyed:
// the programs whose dialects avenger, plan9 and zmailer are logged them and
// went on. It is returned as an error; Split tells the two kinds apart.
type Warnings []error

// Error has one warning on each line.
func (w Warnings) Error() string { return errors.Join(w...).Error() }

// Unwrap gives the single warnings.
func (w Warnings) Unwrap() []error { return w }

// Split tells an error of Read, Parse or Load that must stop the program from
// those that are to be logged.
func Split(err error) (warnings Warnings, fatal error) {
	if err == nil || errors.As(err, &warnings) {
		return warnings, nil
	}
	return nil, err
}

// complaints gathers what is wrong with a file.
type complaints struct {
	lenient bool
	errs    []error
}

func (c *complaints) add(pos string, format string, args ...any) {
	if len(c.errs) == MaxErrors {
		c.errs = append(c.errs, fmt.Errorf("%s: too many errors, the rest is not shown", pos))
	}
	if len(c.errs) < MaxErrors {
		c.errs = append(c.errs, fmt.Errorf(pos+": "+format, args...))
	}
}

// result is nil, Warnings, or all errors joined.
func (c *complaints) result() error {
	switch {
	case len(c.errs) == 0:
		return nil
	case c.lenient:
		return Warnings(c.errs)
	}
	return errors.Join(c.errs...)
}

// lenient tells whether d's own program went on after an error in its file.
func (d Dialect) lenient() bool { return d == Avenger || d == Plan9 || d == ZMailer }

// known tells whether d is a dialect.
func (d Dialect) known() bool {
	return d == Native || d == Proxsmtpd || d.lenient()
}

// dialectNames is for error messages.
const dialectNames = "native, avenger, plan9, zmailer, proxsmtpd"

// fold gives the form in which two spellings of a directive are the same.
func fold(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "-", ""))
}
