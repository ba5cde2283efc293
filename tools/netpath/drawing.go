package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"postern/lib/netpath"
)

// A drawing is what is to be seen of a path, or of two: lines from the top down.
// Both forms of it are made of this.
type drawing struct {
	heads   []string // of each path
	rows    []row
	longest time.Duration
}

// A row is a line of a drawing: an answer of a hop, a fork, or a note.
type row struct {
	path   int  // 0 the first or what both have in common, 1 the second
	beside bool // the first path goes by on the left
	fork   bool // here the second leaves the first
	note   string

	number  int // of the hop; 0 for what is no hop or not its first answer
	address string
	name    string
	rtt     time.Duration
	lost    string
	differs bool // the other path has something else here
}

// newDrawing draws so many hops of a path or two, as the operand says.
func newDrawing(paths []netpath.Path, hops int, names map[netip.Addr]string) *drawing {
	d := new(drawing)
	for i := range paths {
		d.heads = append(d.heads, summary(&paths[i]))
	}
	b := builder{drawing: d, paths: paths, hops: hops, names: names}
	if len(paths) == most {
		b.two()
	} else {
		b.branch(0, 0)
	}
	for _, r := range d.rows {
		d.longest = max(d.longest, r.rtt)
	}
	return d
}

// summary is a path in a few words.
func summary(p *netpath.Path) string {
	text := fmt.Sprintf("%v: %d hops", p.Dest, len(p.Hops))
	if len(p.Hops) == 1 {
		text = strings.TrimSuffix(text, "s")
	}
	if why := why(p); why != "" {
		text += ", " + why
	}
	if p.Port != 0 || p.Method == netpath.ICMP {
		text += ", " + kind(p.Method, p.Port)
	}
	if !p.Time.IsZero() {
		text += ", " + p.Time.UTC().Format(time.DateTime) + " UTC"
	}
	return text
}

// builder makes the rows of a drawing.
type builder struct {
	*drawing
	paths []netpath.Path
	hops  int
	names map[netip.Addr]string
}

// two draws what two paths have in common once, and then each for itself.
func (b *builder) two() {
	first, second := &b.paths[0], &b.paths[1]
	n := common(first.Hops, second.Hops)
	for i := range n {
		if b.shows(0, i) || b.shows(1, i) {
			b.hop(row{}, i, better(first.Hops[i], second.Hops[i]))
		}
	}
	if n == len(first.Hops) && n == len(second.Hops) && first.End == second.End {
		b.branch(0, n)
		b.rows = append(b.rows, row{note: "no difference"})
		return
	}
	b.rows = append(b.rows, row{path: 1, fork: true, beside: n < len(first.Hops)})
	fork := len(b.rows)
	if b.branch(1, n); len(b.rows) == fork {
		b.rows = b.rows[:fork-1] // nothing of it is shown
	}
	b.branch(0, n)
}

// branch draws what a path has behind its first n hops, and why it ends.
func (b *builder) branch(path, n int) {
	p := &b.paths[path]
	like := row{path: path, beside: path == 1 && n < len(b.paths[0].Hops)}
	for i := n; i < len(p.Hops); i++ {
		if b.shows(path, i) {
			like.differs = b.differs(path, i)
			b.hop(like, i, p.Hops[i])
		}
	}
	if like.note = whyShown(p, b.hops); like.note != "" {
		like.differs = false
		b.rows = append(b.rows, like)
	}
}

// hop draws a hop: a row for each that answered.
func (b *builder) hop(like row, i int, h netpath.Hop) {
	like.number, like.address, like.lost = i+1, "*", lost(h)
	if h.Silent() {
		b.rows = append(b.rows, like)
		return
	}
	for _, a := range h.Answers {
		like.address, like.name, like.rtt = a.Addr.String(), b.names[a.Addr], a.RTT
		if mark := a.Message.Mark(); mark != "" {
			like.address += " " + mark
		}
		b.rows = append(b.rows, like)
		like.number, like.lost = 0, ""
	}
}

// shows says whether a hop is among those that are asked for.
func (b *builder) shows(path, i int) bool {
	hops, first := b.paths[path].Part(b.hops)
	return i+1 >= first && i+1 < first+len(hops)
}

// differs says whether the other path has something else at a distance: another
// router, or nothing since its host is nearer.
func (b *builder) differs(path, i int) bool {
	if len(b.paths) < most {
		return false
	}
	other := &b.paths[1-path]
	if i >= len(other.Hops) {
		return other.End == netpath.Reached
	}
	return contrary(b.paths[path].Hops[i], other.Hops[i])
}

// common is how many hops two paths share. A hop that is silent in one of them
// is shared when they meet again behind it.
func common(a, b []netpath.Hop) (n int) {
	for i := range min(len(a), len(b)) {
		switch {
		case contrary(a[i], b[i]):
			return n
		case !a[i].Silent() && !b[i].Silent():
			n = i + 1
		}
	}
	return n
}

// contrary says that two hops answered, and not one address for both.
func contrary(a, b netpath.Hop) bool {
	for _, x := range a.Answers {
		for _, y := range b.Answers {
			if x.Addr == y.Addr {
				return false
			}
		}
	}
	return !a.Silent() && !b.Silent()
}

// better is the one of two equal hops that tells more.
func better(a, b netpath.Hop) netpath.Hop {
	if a.Silent() || a.Answers[0].RTT <= 0 && !b.Silent() {
		return b
	}
	return a
}
