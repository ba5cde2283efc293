package plot

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Class is what a part of a picture is, which decides its colour.
type Class string

// The classes.
const (
	Ink   Class = "ink"   // words that matter
	Faint Class = "faint" // words beside them
	Rule  Class = "rule"  // lines that join or divide
	First Class = "first" // a quantity, and what belongs to the first of two
	Other Class = "other" // what belongs to the second of two
	Alert Class = "alert" // what is to be noticed

	paper Class = "paper"
)

// colours are those of the classes on light and on dark paper.
var colours = [...]struct {
	class       Class
	light, dark string
}{
	{paper, "#ffffff", "#0d1117"},
	{Ink, "#1f2328", "#e6edf3"},
	{Faint, "#59636e", "#9198a1"},
	{Rule, "#6e7781", "#8b949e"},
	{First, "#1f6feb", "#58a6ff"},
	{Other, "#bc4c00", "#f0883e"},
	{Alert, "#cf222e", "#ff7b72"},
}

// The size of letters, of which each is about Letter wide, and of lines of text.
const (
	fontSize   = 13
	Letter     = 8
	LineHeight = 20
)

// Picture is an SVG image that is being drawn: no scripts, nothing from
// elsewhere, and colours for light and for dark paper, as the viewer prefers. The
// same calls give the same octets. Positions are pixels from the upper left.
type Picture struct {
	b strings.Builder
}

// NewPicture begins a picture with a title, which is shown in no place of it.
func NewPicture(width, height int, title string) *Picture {
	p := new(Picture)
	fmt.Fprintf(&p.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" font-family="monospace" font-size="%d">`+"\n",
		width, height, width, height, fontSize)
	fmt.Fprintf(&p.b, "<title>%s</title>\n<style>\n", escape(title))
	for _, c := range colours {
		p.style(c.class, c.light)
	}
	p.b.WriteString("@media (prefers-color-scheme:dark){\n")
	for _, c := range colours {
		p.style(c.class, c.dark)
	}
	p.b.WriteString("}\n</style>\n")
	p.Rect(paper, 0, 0, width, height)
	return p
}

// style says the colour of a class.
func (p *Picture) style(c Class, colour string) {
	fmt.Fprintf(&p.b, ".%s{fill:%s}line.%s{stroke:%s}\n", c, colour, c, colour)
}

// Text writes a line that begins at x and stands on y.
func (p *Picture) Text(c Class, x, y int, text string) {
	fmt.Fprintf(&p.b, `<text class="%s" x="%d" y="%d">%s</text>`+"\n", c, x, y, escape(text))
}

// Rect draws a filled box.
func (p *Picture) Rect(c Class, x, y, width, height int) {
	fmt.Fprintf(&p.b, `<rect class="%s" x="%d" y="%d" width="%d" height="%d"/>`+"\n", c, x, y, width, height)
}

// Line draws a straight line.
func (p *Picture) Line(c Class, x1, y1, x2, y2 int) {
	fmt.Fprintf(&p.b, `<line class="%s" x1="%d" y1="%d" x2="%d" y2="%d"/>`+"\n", c, x1, y1, x2, y2)
}

// Dot draws a filled circle around a point.
func (p *Picture) Dot(c Class, x, y, radius int) {
	fmt.Fprintf(&p.b, `<circle class="%s" cx="%d" cy="%d" r="%d"/>`+"\n", c, x, y, radius)
}

// Write ends the picture and writes it.
func (p *Picture) Write(w io.Writer) error {
	p.b.WriteString("</svg>\n")
	_, err := io.WriteString(w, p.b.String())
	return err
}

// escape is text as XML has it (XML 1.0 2.2, 2.4). What is not printable, such
// as the octets that XML forbids and those that turn the direction of writing
// round, becomes U+FFFD.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune(`<>&"'`, r):
			fmt.Fprintf(&b, "&#%d;", r)
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteRune('\uFFFD')
		}
	}
	return b.String()
}
