package main

import (
	"fmt"
	"net/netip"
	"strings"

	"postern/lib/spf"
	"postern/lib/sysexits"
)

// result is a check's result for those who asked.
type result struct {
	spf.Result
	ip                     netip.Addr
	sender, helo, receiver string
	wanted                 wanted
}

// Status is the verdict as an exit status, or whether it is one that is wanted.
func (r *result) Status() int {
	if r.wanted != nil {
		return r.wanted.status(r.Code)
	}
	switch r.Code {
	case spf.Fail:
		return sysexits.NoPerm
	case spf.TempError:
		return sysexits.TempFail
	case spf.PermError:
		return sysexits.DataErr
	}
	return sysexits.OK
}

// Action is the verdict for Postfix (RFC 7208 8.4, 8.6; RFC 7372 3.2).
func (r *result) Action() string {
	switch r.Code {
	case spf.Fail:
		return "550 5.7.23 " + r.Refusal(r.ip)
	case spf.TempError:
		return "DEFER_IF_PERMIT 4.4.3 SPF: " + r.Meaning(r.ip)
	}
	return "PREPEND " + oneLine(append([]string{"Received-SPF:"}, r.Received(r.receiver, r.ip, r.sender, r.helo)...))
}

// maxLine bounds a field that is one line: an action is no longer, nor should a
// line be (RFC 5322 2.1.1).
const maxLine = 900

// oneLine joins the pieces of a field, those that have room: what is last tells
// least, and half of a piece would spoil the rest.
func oneLine(pieces []string) string {
	line := pieces[0]
	for _, p := range pieces[1:] {
		if len(line)+1+len(p) > maxLine {
			break
		}
		line += " " + p
	}
	return line
}

// Text is the result for a person. Its first word is the result.
func (r *result) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.Code, plain(r.Meaning(r.ip)))
	if r.Mechanism != "" {
		fmt.Fprintf(&b, "matched: %s\n", plain(r.matched()))
	}
	if r.Problem != "" {
		fmt.Fprintf(&b, "problem: %s\n", plain(r.Problem))
	}
	if r.Explanation != "" {
		fmt.Fprintf(&b, "explanation: %s\n", r.Explanation)
	}
	b.WriteString(r.asked())
	return b.String()
}

// asked is what the check cost. The limits are those of one record.
func (r *result) asked() string {
	if r.Several {
		return fmt.Sprintf("asked: %d look-ups, %d void, those of our own rules too", r.Lookups, r.Voids)
	}
	return fmt.Sprintf("asked: %d of %d look-ups, %d of %d void", r.Lookups, spf.MaxLookups, r.Voids, spf.MaxVoids)
}

// matched is the directive and the way to it.
func (r *result) matched() string {
	if len(r.Includes) == 0 {
		return r.Mechanism
	}
	return r.Mechanism + " of " + strings.Join(r.Includes, ", included by ")
}

// plain makes a text fit for a terminal.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\uFFFD' {
			return '?'
		}
		return r
	}, s)
}
