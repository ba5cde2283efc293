// Package plot draws for people: lines of text for a terminal, or a picture in
// SVG for everything else. Programs say what stands where; this package knows
// how wide a terminal is, which characters it has, and what keeps text from
// strangers harmless in both.
package plot

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Form is how a drawing is made.
type Form byte

// The forms.
const (
	Auto Form = iota // Text on a terminal, SVG elsewhere
	Text
	SVG
)

// Option is the option --plot[=text|svg]. Set is for arg's Optional.
type Option struct {
	On   bool
	Form Form
}

// Names are the values that Set takes, as usages show them.
const Names = "text|svg"

// Set takes the value of the option, "" when it has none.
func (o *Option) Set(value string) error {
	o.On = true
	switch value {
	case "":
		o.Form = Auto
	case "text":
		o.Form = Text
	case "svg":
		o.Form = SVG
	default:
		return fmt.Errorf("%.20q is neither text nor svg", value)
	}
	return nil
}

// IsText says whether what goes to w is to be drawn as text.
func (o *Option) IsText(w io.Writer) bool {
	if o.Form != Auto {
		return o.Form == Text
	}
	return IsTerminal(w)
}

// IsTerminal says whether what goes to w is seen by a person at once.
func IsTerminal(w io.Writer) bool { return terminalColumns(w) >= 0 }

// terminalColumns is how wide a terminal is, 0 when it does not say, and -1
// when w is none.
func terminalColumns(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return -1
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return -1
	}
	return int(size.Col)
}
