package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"postern/lib/netpath"
	"postern/lib/record"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

// result is a path, and what of it is to be shown.
type result struct {
	netpath.Path
	hops  int // as the operand
	form  *program
	names map[netip.Addr]string
}

// Record sets what the path says.
func (r *result) Record(to *record.Record) { r.Path.Record(to, r.hops) }

// Status is always good: no path is a reason to refuse.
func (r *result) Status() int { return sysexits.OK }

// Action is the field that tells filters the path.
func (r *result) Action() string {
	var about record.Record
	r.Record(&about)
	return tool.PrependXAvenger(&about)
}

// Text has a line for each hop, and one when the path does not end at the host.
func (r *result) Text() string {
	if r.Time.IsZero() {
		return fmt.Sprintf("the path to %v would be measured", r.Dest)
	}
	var lines []string
	hops, first := r.Part(r.hops)
	scale := longest(hops)
	for i, h := range hops {
		line := fmt.Sprintf("%d %s", first+i, r.hop(h))
		if r.form.plot {
			line = fmt.Sprintf("%2d %-*s %s", first+i, width(hops), h, bar(h, scale))
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	if why := r.why(); why != "" && r.hops <= 0 {
		lines = append(lines, why)
	}
	return strings.Join(lines, "\n")
}

// why says why the path does not end at the host.
func (r *result) why() string {
	switch r.End {
	case netpath.Silent:
		return "no answer beyond"
	case netpath.Blocked:
		return "no way beyond"
	case netpath.Loop:
		return "a loop beyond"
	case netpath.Limit:
		return "more hops beyond"
	}
	return ""
}

// hop is the answers of a hop: addresses, and with -v what else is known.
func (r *result) hop(h netpath.Hop) string {
	if h.Silent() {
		return "*"
	}
	words := make([]string, 0, len(h.Answers))
	for _, a := range h.Answers {
		word := a.Addr.String()
		if r.form.verbose {
			word += " " + milliseconds(a.RTT)
			if name := r.names[a.Addr]; name != "" {
				word += " " + name
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.3f ms", float64(d.Microseconds())/1000)
}

// columns is how long the bar of the longest round trip is.
const columns = 40

// bar draws the round trip to a hop.
func bar(h netpath.Hop, scale time.Duration) string {
	if h.Silent() {
		return ""
	}
	n := int(h.Answers[0].RTT * columns / max(scale, 1))
	return strings.Repeat("#", max(n, 1)) + " " + milliseconds(h.Answers[0].RTT)
}

// longest is the longest round trip.
func longest(hops []netpath.Hop) (d time.Duration) {
	for _, h := range hops {
		if !h.Silent() {
			d = max(d, h.Answers[0].RTT)
		}
	}
	return d
}

// width is that of the widest address.
func width(hops []netpath.Hop) (n int) {
	for _, h := range hops {
		n = max(n, len(h.String()))
	}
	return n
}
