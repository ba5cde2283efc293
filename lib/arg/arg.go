// Package arg reads a command line in Plan 9's manner.
//
// Options of one letter take one dash and may be joined: -adf, -hhost, -h host.
// Options that are words take two: --check, --host=x, --host x; one whose value
// may be left out has it joined: --plot, --plot=x. "--" ends the options, and so
// does the first operand. "-" alone and negative numbers are operands.
package arg

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ErrHelp is what Parse gives for --help.
var ErrHelp = errors.New("help wanted")

// usageStatus is EX_USAGE of sysexits(3).
const usageStatus = 64

// Set is the options of one program.
type Set struct {
	prog, synopsis string
	options        []option
}

// option is one row of the table: its names without dashes, what its value is
// called ("" when it takes none), and what to do when it is met.
type option struct {
	names string // with commas between them
	value string
	help  string
	do    func(value string) error

	optional bool // a value is taken only where it is joined: --plot, --plot=x
}

// many is as many options as most programs have. All find room at once: a table
// that grows leaves memory of each size behind, and a short process pays for all
// of it.
const many = 32

// New makes an empty set for prog. The synopsis is what stands behind the
// program's name in the first line of Usage: "[-d] [-h host] file ...".
func New(prog, synopsis string) *Set {
	return &Set{prog: prog, synopsis: synopsis, options: make([]option, 0, many)}
}

// Func adds an option that calls f with its value. Names are separated by
// commas, "d", "check" or "V,version"; value is the value's name in the usage,
// and "" when the option takes none, in which case f is given "".
func (s *Set) Func(names, value, help string, f func(string) error) {
	s.options = append(s.options, option{names: names, value: value, help: help, do: f})
}

// Optional adds an option that is a word and may go without its value, --plot,
// in which case f is given "", or have it joined, --plot=x.
func (s *Set) Optional(name, value, help string, f func(string) error) {
	s.options = append(s.options, option{names: name, value: value, help: help, do: f, optional: true})
}

// Bool adds an option that sets *p to true.
func (s *Set) Bool(p *bool, names, help string) {
	s.Func(names, "", help, func(string) error {
		*p = true
		return nil
	})
}

// Count adds an option that adds one to *p each time it is met: -vvv.
func (s *Set) Count(p *int, names, help string) {
	s.Func(names, "", help, func(string) error {
		*p++
		return nil
	})
}

// String adds an option whose value goes to *p; the last one counts.
func (s *Set) String(p *string, names, value, help string) {
	s.Func(names, value, help, func(v string) error {
		*p = v
		return nil
	})
}

// Strings adds an option that may be repeated; each value is appended to *p.
func (s *Set) Strings(p *[]string, names, value, help string) {
	s.Func(names, value, help, func(v string) error {
		*p = append(*p, v)
		return nil
	})
}

// Int adds an option whose value is a decimal number.
func (s *Set) Int(p *int, names, value, help string) {
	s.Func(names, value, help, func(v string) error {
		n, err := strconv.Atoi(v)
		if err != nil {
			return fmt.Errorf("%q is not a number", v)
		}
		*p = n
		return nil
	})
}

// Usage is the synopsis and a line for each option.
func (s *Set) Usage() string {
	var b strings.Builder
	b.WriteString(s.synopsisLine())
	width := 0
	for i := range s.options {
		width = max(width, len(s.options[i].heading()))
	}
	for i := range s.options {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, s.options[i].heading(), s.options[i].help)
	}
	return b.String()
}

func (s *Set) synopsisLine() string {
	return strings.TrimRight("usage: "+s.prog+" "+s.synopsis, " ") + "\n"
}

// Report tells a person about an error of Parse and gives the exit status:
// the whole usage on stdout and 0 for ErrHelp, else what is wrong and the
// synopsis on stderr and 64.
func (s *Set) Report(err error, stdout, stderr io.Writer) int {
	if errors.Is(err, ErrHelp) {
		io.WriteString(stdout, s.Usage())
		return 0
	}
	fmt.Fprintf(stderr, "%s: %v\n%s", s.prog, err, s.synopsisLine())
	return usageStatus
}

// heading is the option as the usage shows it: "-V, --version", "-h host",
// "--plot[=form]".
func (o *option) heading() string {
	var parts []string
	for name := range strings.SplitSeq(o.names, ",") {
		parts = append(parts, dashed(name))
	}
	h := strings.Join(parts, ", ")
	switch {
	case o.optional:
		h += "[=" + o.value + "]"
	case o.value != "":
		h += " " + o.value
	}
	return h
}

// dashed puts the dashes in front of a name: one for a letter, two for a word.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}
