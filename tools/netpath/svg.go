package main

import (
	"io"
	"strconv"
	"strings"

	"postern/lib/plot"
)

// Where things stand in a picture, in pixels.
const (
	margin   = 2 * plot.Letter
	baseline = 14 // of a line of text, below its top
	between  = 2 * plot.Letter
	barWidth = 200
	barHigh  = 10
	lane     = 20 // from one path to the other
	radius   = 4
)

// sheet is a picture that is being drawn, and where its columns begin.
type sheet struct {
	*plot.Picture
	*drawing

	path, address, rtt, bar, lost, name int
}

// svg draws a picture. Names are cut.
func (d *drawing) svg(w io.Writer) error {
	letters := d.layout(mostName * 10) // so wide that nothing is left out
	s := sheet{drawing: d}
	s.path = margin + 2*plot.Letter + between
	s.address = s.path + between + (len(d.heads)-1)*(lane+plot.Letter)
	s.rtt = s.address + letters.address*plot.Letter + between
	s.bar = s.rtt + letters.rtt*plot.Letter
	s.lost = s.bar + min(letters.rtt, 1)*(barWidth+between)
	s.name = s.lost + letters.lost*plot.Letter
	width := s.name + letters.name*plot.Letter + margin
	for _, head := range d.heads {
		width = max(width, 2*margin+between+len(head)*plot.Letter)
	}
	s.Picture = plot.NewPicture(width, s.top(len(d.rows))+margin, strings.Join(d.heads, "; "))
	for i, head := range d.heads {
		s.head(i, head)
	}
	for i := range d.rows {
		s.row(i)
	}
	return s.Write(w)
}

// class is the colour of a path.
func class(path int) plot.Class {
	if path == 1 {
		return plot.Other
	}
	return plot.First
}

// top is where a row begins.
func (s *sheet) top(row int) int {
	return margin + len(s.heads)*plot.LineHeight + plot.LineHeight/2 + row*plot.LineHeight
}

// head draws what a path is.
func (s *sheet) head(i int, text string) {
	y := margin + i*plot.LineHeight
	s.Dot(class(i), margin+radius, y+plot.LineHeight/2, radius)
	s.Text(plot.Ink, margin+between, y+baseline, text)
}

// row draws a line: the paths through it, and what is known.
func (s *sheet) row(i int) {
	r, top := &s.rows[i], s.top(i)
	s.lines(r, i, top)
	y := top + baseline
	if r.number > 0 {
		s.Text(plot.Faint, margin, y, strconv.Itoa(r.number))
		s.Dot(class(r.path), s.x(r.path), top+plot.LineHeight/2, radius)
	}
	if r.note != "" {
		s.Text(plot.Alert, s.address, y, r.note)
	}
	text := plot.Ink
	if r.differs {
		text = class(r.path)
		s.Text(text, s.address-plot.Letter-radius, y, "≠")
	}
	s.words(text, s.address, y, r.address)
	s.words(plot.Faint, s.rtt, y, r.time())
	if r.rtt > 0 {
		part := int(r.rtt * barWidth / s.longest)
		s.Rect(class(r.path), s.bar, top+(plot.LineHeight-barHigh)/2, max(part, 1), barHigh)
	}
	s.words(plot.Alert, s.lost, y, r.lost)
	s.words(plot.Ink, s.name, y, r.name)
}

// words writes a line, cut, unless it is empty.
func (s *sheet) words(c plot.Class, x, y int, text string) {
	if len(text) > mostName {
		text = text[:mostName-1] + "…"
	}
	if text != "" {
		s.Text(c, x, y, text)
	}
}

// x is where a path goes down.
func (s *sheet) x(path int) int { return s.path + path*lane }

// lines draws the paths from the row above to this one.
func (s *sheet) lines(r *row, i, top int) {
	middle := top + plot.LineHeight/2
	if r.beside {
		s.Line(plot.Rule, s.x(0), middle-plot.LineHeight, s.x(0), middle)
	}
	switch {
	case r.fork:
		s.Line(plot.Rule, s.x(0), middle-plot.LineHeight, s.x(1), middle)
	case i > 0 && (r.number > 0 || r.address != ""):
		s.Line(plot.Rule, s.x(r.path), middle-plot.LineHeight, s.x(r.path), middle)
	}
}
