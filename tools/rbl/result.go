package main

import (
	"fmt"
	"net/netip"
	"strings"

	"postern/lib/rbl"
	"postern/lib/sysexits"
)

// result is what the lists say of one client.
type result struct {
	rbl.Result
	client netip.Addr
}

// Status is 77 when the score is too much.
func (r *result) Status() int {
	if r.Refused() {
		return sysexits.NoPerm
	}
	return sysexits.OK
}

// Action is a refusal, or nothing.
func (r *result) Action() string {
	if !r.Refused() {
		return ""
	}
	text := "550 5.7.1 " + r.Against()
	if reason := r.Reason(); reason != "" {
		text += ": " + reason
	}
	return text
}

// Text has a line for each list that has the client or could not be asked, and
// the score.
func (r *result) Text() string {
	var b strings.Builder
	for i := range r.Hits {
		h := &r.Hits[i]
		if h.About != r.client.String() {
			b.WriteString(h.About + " ")
		}
		fmt.Fprintf(&b, "listed by %s (score %d):", h.List.Name(), h.List.Score)
		for _, code := range h.Codes {
			b.WriteString(" " + code.String())
		}
		if h.Reason != "" {
			b.WriteString(" " + h.Reason)
		}
		b.WriteByte('\n')
	}
	for _, f := range r.Failures {
		fmt.Fprintf(&b, "error of %s: %s\n", f.List.Name(), f.Reason)
	}
	if len(r.Hits) == 0 {
		b.WriteString("not listed\n")
	}
	fmt.Fprintf(&b, "score %d", r.Score)
	return b.String()
}
