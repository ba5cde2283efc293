package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"postern/lib/plot"
)

const (
	leastBar, mostBar = 5, 60 // columns of the longest bar
	mostName          = 64    // letters of a name that are drawn
	mostAddress       = 40
)

// A pen has the characters of which the paths themselves are drawn.
type pen struct {
	node            [most]string // a hop of each path
	by              string       // the first path goes by
	fork, last      string       // the second leaves the first, which goes on, or ends
	differs, indent string
}

// penOf has the characters that a screen can show.
func penOf(s plot.Screen) pen {
	if s.UTF8 {
		return pen{[most]string{"●", "◆"}, "│ ", "├─╮", "╰─╮", "≠ ", "  "}
	}
	return pen{[most]string{"o", "x"}, "| ", "|-.", "'-.", "! ", "  "}
}

// graph draws where on its path a row stands: nothing where there is only one.
func (p *pen) graph(r *row, two bool) string {
	switch {
	case !two:
		return ""
	case r.fork && r.beside:
		return p.fork + p.indent
	case r.fork:
		return p.last + p.indent
	}
	node := " "
	if r.number > 0 {
		node = p.node[r.path]
	}
	mark := p.indent
	if r.differs {
		mark = p.differs
	}
	switch {
	case r.path == 0:
		return node + "  " + mark
	case r.beside:
		return p.by + node + mark
	}
	return "  " + node + mark
}

// columns is how wide each part of a line is; 0 for one that is left out.
type columns struct {
	address, rtt, bar, lost, name int
}

const (
	numberWidth = 3 // "12 "
	graphWidth  = 5
	rttWidth    = 11 // "1234.567 ms"
)

// layout shares a screen's columns: names get up to half of what address and
// time leave, and bars the rest.
func (d *drawing) layout(screen int) (c columns) {
	for _, r := range d.rows {
		c.address = max(c.address, min(len(r.address), mostAddress)+1)
		c.name = max(c.name, min(len(r.name), mostName))
		c.lost = max(c.lost, len(r.lost)+1)
	}
	if c.lost == 1 {
		c.lost = 0
	}
	rest := screen - numberWidth - c.address - c.lost
	if len(d.heads) == most {
		rest -= graphWidth
	}
	if d.longest == 0 {
		c.name = max(min(c.name, rest), 0)
		return c
	}
	c.rtt = rttWidth + 1
	rest -= c.rtt
	c.name = max(min(c.name, rest/2), 0)
	if c.bar = min(rest-c.name-1, mostBar); c.bar < leastBar {
		c.bar, c.name = 0, max(rest, 0)
	}
	return c
}

// text draws lines that are no longer than the screen is wide.
func (d *drawing) text(w io.Writer, s plot.Screen) error {
	var b strings.Builder
	two, pen, c := len(d.heads) == most, penOf(s), d.layout(s.Columns)
	for i, head := range d.heads {
		if two {
			head = pen.node[i] + " " + s.Fit(head, s.Columns-2)
		} else {
			head = s.Fit(head, s.Columns)
		}
		b.WriteString(head + "\n")
	}
	for i := range d.rows {
		r := &d.rows[i]
		line := fmt.Sprintf("%*s", numberWidth, "")
		if r.number > 0 {
			line = fmt.Sprintf("%*d ", numberWidth-1, r.number)
		}
		line += pen.graph(r, two) + r.note + d.cells(r, s, c)
		b.WriteString(strings.TrimRight(cut(line, s.Columns), " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// cells is what a row has in each column.
func (d *drawing) cells(r *row, s plot.Screen, c columns) string {
	line := fmt.Sprintf("%-*s", c.address, s.Fit(r.address, mostAddress))
	if c.rtt > 0 {
		line += fmt.Sprintf("%*s ", rttWidth, r.time())
	}
	if c.bar > 0 {
		line += pad(s.Bar(float64(r.rtt), float64(d.longest), c.bar), c.bar+1)
	}
	if c.lost > 0 {
		line += fmt.Sprintf("%-*s", c.lost, r.lost)
	}
	return line + s.Fit(r.name, c.name)
}

// time is the round trip, for people.
func (r *row) time() string {
	if r.rtt <= 0 {
		return ""
	}
	return milliseconds(r.rtt) + " ms"
}

// pad makes text so many columns wide.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0))
}

// cut leaves away what is beyond the screen.
func cut(line string, columns int) string {
	if utf8.RuneCountInString(line) <= columns {
		return line
	}
	return string([]rune(line)[:columns])
}
