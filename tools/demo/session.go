package main

import (
	"fmt"
	"strings"
	"time"

	"postern/lib/record"
)

// attributes shows a record, an attribute a line, their values in one column.
func (s *screen) attributes(r record.Record) {
	column := 0
	for name := range r.All() {
		column = max(column, len(name)+len("  "))
	}
	for name, value := range r.All() {
		st := plain
		if name == "verdict" {
			st = verdictStyle(value)
		}
		s.attribute(name, column, value, st)
	}
}

// attribute shows one attribute, its value wrapped behind the column.
func (s *screen) attribute(name string, column int, value string, st style) {
	if value == "" {
		value = `""`
	}
	front := s.paint(dim, pad(name, column))
	for _, line := range wrap(clean(value), s.width-column-2) {
		fmt.Fprintf(s.w, "  %s%s\n", front, s.paint(st, line))
		front = strings.Repeat(" ", column)
	}
}

// session shows a line of the log: a record of smtpd's with what matters
// first, anything else as it stands.
func (s *screen) session(now time.Time, line string) {
	r, err := record.ParseLine([]byte(line))
	verdict, decided := r.Lookup("verdict")
	clock := s.paint(dim, now.Format(time.TimeOnly))
	if err != nil || !decided {
		fmt.Fprintf(s.w, "  %s  %s\n", clock, clean(line))
		return
	}
	fmt.Fprintf(s.w, "  %s  %s  %s\n", clock, s.paint(verdictStyle(verdict), verdict), clean(summary(&r)))
	r.Delete("verdict")
	var why record.Record
	for _, name := range []string{"reply", "check", "reason", "mailer"} {
		if value, ok := r.Lookup(name); ok {
			why.Set(name, value)
			r.Delete(name)
		}
	}
	s.attributes(why)
	for _, line := range wrap(clean(r.String()), s.width-2) {
		s.remark(line)
	}
	fmt.Fprintln(s.w)
}

// summary says who wrote to whom, as far as that is known.
func summary(r *record.Record) string {
	sender, mail := r.Lookup("sender")
	if !mail {
		return "no message from " + r.Value("client_address")
	}
	text := "<" + sender + "> to"
	if to := r.Value("recipient"); to != "" {
		return text + " " + to
	}
	return text + " nobody"
}

// verdictStyle is the colour of a verdict.
func verdictStyle(verdict string) style {
	switch verdict {
	case "accept":
		return green
	case "reject", "discard":
		return red
	case "defer":
		return yellow
	}
	return dim
}
