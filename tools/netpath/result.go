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

// The attributes that -v adds.
const (
	attrNames = "network_path_names"
	attrRTT   = "network_path_rtt"
)

// result is a path, and what of it is to be shown.
type result struct {
	netpath.Path
	hops    int // as the operand
	verbose bool
	names   map[netip.Addr]string
	plan    string // what would be sent, when the path was not measured
}

// Record sets what the path says.
func (r *result) Record(to *record.Record) {
	r.Path.Record(to, r.hops)
	if !r.verbose || r.Time.IsZero() {
		return
	}
	hops, first := r.Part(r.hops)
	names, times := make([]string, 0, len(hops)), make([]string, 0, len(hops))
	for i, h := range hops {
		if first+i <= len(r.Routers()) {
			names = append(names, r.nameOf(h))
		}
		times = append(times, timeOf(h))
	}
	setList(to, attrNames, names)
	setList(to, attrRTT, times)
}

// setList sets an attribute to words, of which at least one is known.
func setList(to *record.Record, name string, words []string) {
	text := strings.Join(words, " ")
	if strings.Trim(text, "* ") != "" {
		to.Set(name, text)
	}
}

// nameOf is the name of the first that answered, "*" when there is none.
func (r *result) nameOf(h netpath.Hop) string {
	if !h.Silent() {
		if name := r.names[h.Answers[0].Addr]; name != "" {
			return name
		}
	}
	return "*"
}

// timeOf is the round trip to the first that answered, "*" when it is unknown.
func timeOf(h netpath.Hop) string {
	if h.Silent() || h.Answers[0].RTT <= 0 {
		return "*"
	}
	return milliseconds(h.Answers[0].RTT)
}

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
	if r.plan != "" {
		return r.plan
	}
	var lines []string
	hops, first := r.Part(r.hops)
	for i, h := range hops {
		lines = append(lines, fmt.Sprintf("%d %s", first+i, r.hop(h)))
	}
	if why := whyShown(&r.Path, r.hops); why != "" {
		lines = append(lines, why)
	}
	return strings.Join(lines, "\n")
}

// why says why the path does not end at the host.
func why(p *netpath.Path) string {
	switch p.End {
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

// whyShown is why, or "" when the hops that were asked for do not show the path's end.
func whyShown(p *netpath.Path, hops int) string {
	if hops > 0 && len(p.Hops) >= hops {
		return ""
	}
	return why(p)
}

// hop is the answers of a hop: addresses, and with -v what else is known.
func (r *result) hop(h netpath.Hop) string {
	if h.Silent() {
		return "*"
	}
	words := make([]string, 0, len(h.Answers))
	for _, a := range h.Answers {
		words = append(words, a.Addr.String())
		if !r.verbose {
			continue
		}
		words = append(words, milliseconds(a.RTT)+" ms")
		for _, word := range []string{a.Message.Mark(), r.names[a.Addr]} {
			if word != "" {
				words = append(words, word)
			}
		}
	}
	if lost := lost(h); r.verbose && lost != "" {
		words = append(words, lost)
	}
	return strings.Join(words, " ")
}

// milliseconds is a round trip as people read it.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.3f", float64(d.Microseconds())/1000)
}

// lost is which part of the probes to a hop was not answered, "" for none.
func lost(h netpath.Hop) string {
	if h.Sent == 0 || h.Answered >= h.Sent || h.Shared() {
		return ""
	}
	return fmt.Sprintf("%d%% lost", 100*(h.Sent-h.Answered)/h.Sent)
}
