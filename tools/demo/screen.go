package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"postern/lib/maillog"
	"postern/lib/plot"
)

const (
	leastWidth = 40   // columns: below, the lines of a terminal are wrapped by itself
	maxShown   = 4096 // octets of one value that are shown
)

// style is an SGR parameter of a terminal.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// screen is where the demonstration is shown: in colours on a terminal, plain
// elsewhere. Nothing that came from the network reaches it uncleaned.
type screen struct {
	w        io.Writer
	terminal bool
	colours  bool
	width    int
}

// newScreen shows on w.
func newScreen(w io.Writer) *screen {
	terminal := plot.IsTerminal(w) && os.Getenv("TERM") != "dumb"
	return &screen{
		w:        w,
		terminal: terminal,
		colours:  terminal && os.Getenv("NO_COLOR") == "",
		width:    max(plot.ScreenOf(w, os.Getenv).Columns, leastWidth),
	}
}

// paint is text in a style.
func (s *screen) paint(st style, text string) string {
	if !s.colours || st == plain || text == "" {
		return text
	}
	return "\x1b[" + string(st) + "m" + text + "\x1b[0m"
}

// clean makes text from elsewhere fit for a terminal.
func clean(text string) string { return maillog.Clean(text, maxShown) }

// title begins the demonstration.
func (s *screen) title(name, what string) {
	fmt.Fprintf(s.w, "%s  %s\n\n", s.paint(bold, name), s.paint(dim, what))
}

// heading begins a part of it.
func (s *screen) heading(what, remark string) {
	fmt.Fprintf(s.w, "\n%s  %s\n\n", s.paint(bold, what), s.paint(dim, clean(remark)))
}

// remark says something on the side.
func (s *screen) remark(text string) { fmt.Fprintf(s.w, "  %s\n", s.paint(dim, clean(text))) }

// step says one thing that was done.
func (s *screen) step(what, text string) {
	fmt.Fprintf(s.w, "  %s %s\n", s.paint(green, pad(what, 8)), clean(text))
}

// progress says what is being done, and on a terminal for how long, until the
// caller calls done, with whether it was.
func (s *screen) progress(what, text string) (done func(ok bool)) {
	start := time.Now()
	finish := func(ok bool) {
		if ok {
			s.step(what, text+took(start))
		}
	}
	if !s.terminal {
		return finish
	}
	ticker, quit, gone := time.NewTicker(time.Second/10), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		for {
			fmt.Fprintf(s.w, "\r  %s %s%s", s.paint(yellow, pad(what, 8)), text, took(start))
			select {
			case <-ticker.C:
			case <-quit:
				return
			}
		}
	}()
	return func(ok bool) {
		ticker.Stop()
		close(quit)
		<-gone
		fmt.Fprint(s.w, "\r\x1b[K")
		finish(ok)
	}
}

// took is the time since start: ", 1.2 s".
func took(start time.Time) string { return fmt.Sprintf(", %.1f s", time.Since(start).Seconds()) }

// dialogue shows a line of a session, as the transcript tells it.
func (s *screen) dialogue(who byte, line string) {
	line = clean(line)
	switch {
	case who == 'C':
		line = s.paint(bold, line)
	case who == '*':
		line = s.paint(dim, "("+line+")")
	case line != "" && line[0] >= '4':
		line = s.paint(red, line)
	}
	mark := map[byte]string{'C': s.paint(green, "C"), 'S': s.paint(cyan, "S")}[who]
	if mark == "" {
		mark = " "
	}
	fmt.Fprintf(s.w, "  %s  %s\n", mark, line)
}

// text shows a file, the head of a message set off from its body.
func (s *screen) text(text string) {
	st := cyan
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			st = plain
		}
		line = strings.ReplaceAll(line, "\t", "    ")
		fmt.Fprintf(s.w, "  %s %s\n", s.paint(dim, "|"), s.paint(st, clean(line)))
	}
}

// command shows a command to copy and what it is for.
func (s *screen) command(command, what string) {
	fmt.Fprintf(s.w, "  %s\n", s.paint(bold, command))
	for _, line := range wrap(what, s.width-6) {
		fmt.Fprintf(s.w, "      %s\n", s.paint(dim, line))
	}
}

// end says what is left behind.
func (s *screen) end(in *instance) {
	what := in.root + " is kept"
	if in.temporary {
		what = in.root + " is removed"
	}
	fmt.Fprintf(s.w, "\n%s\n", s.paint(dim, "ended; "+what))
}

// pad fills text up to n columns.
func pad(text string, n int) string { return text + strings.Repeat(" ", max(0, n-len(text))) }

// wrap cuts text between words into lines of at most width columns; a longer
// word has a line of its own.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
