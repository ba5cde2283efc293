package dsn

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
	"time"

	"postern/lib/header"
)

// order is that of the actions in a report: the worst first.
var order = [...]Action{Failed, Delayed, Delivered, Relayed, Expanded}

// worst is the action that the report is named by.
func (m *Message) worst() Action {
	for _, a := range order {
		if m.has(a) {
			return a
		}
	}
	return Failed
}

// has says whether a recipient had this action.
func (m *Message) has(a Action) bool {
	for i := range m.report.Recipients {
		if m.report.Recipients[i].Action == a {
			return true
		}
	}
	return false
}

// subject is the subject of the report.
func (m *Message) subject() string {
	switch m.worst() {
	case Failed:
		return "Your message could not be delivered"
	case Delayed:
		return "Your message is delayed, and still tried"
	case Delivered:
		return "Your message was delivered"
	}
	return "Your message was sent on"
}

// humanPart is the first part: what happened, to whom, why, and what to do,
// in words for a person.
func (m *Message) humanPart(original []byte) part {
	var b bytes.Buffer
	m.opening(&b, original)
	for _, a := range order {
		if m.has(a) {
			m.section(&b, a)
		}
	}
	fmt.Fprintf(&b, "%s\n", wrap("", "If you need help, ask postmaster@"+m.report.Host+
		" and quote this report: the message is called "+m.report.Original.ID+" here."))
	p := part{description: "What happened", kind: "text/plain; charset=us-ascii", encoding: sevenBit, text: b.Bytes()}
	if !isASCII(p.text) {
		p.kind, p.encoding, p.text = "text/plain; charset=utf-8", quotedPrintable, quoted(p.text)
	}
	return p
}

// opening says who speaks, and of which message.
func (m *Message) opening(b *bytes.Buffer, original []byte) {
	fmt.Fprintf(b, "This is the mail system of %s.\n\nIt reports on your message\n\n", m.report.Host)
	for _, name := range [...]string{"Subject", "Date", "To"} {
		if text := fieldOf(original, name); text != "" {
			fmt.Fprintf(b, "%s\n", wrap("    ", name+": "+text))
		}
	}
	fmt.Fprintf(b, "    Received here: %s\n\n", header.Date(m.report.Original.Arrival))
}

// fieldOf is what a field of the original says, decoded (RFC 2047); "" if
// there is none.
func fieldOf(original []byte, name string) string {
	for f := range header.Fields(original) {
		if !f.Is(name) {
			continue
		}
		text, err := new(mime.WordDecoder).DecodeHeader(f.Body())
		if err != nil {
			text = f.Body()
		}
		return cut(oneLine(text))
	}
	return ""
}

// cut shortens a field to a few lines.
func cut(s string) string {
	const limit = 200
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}

// section is about the recipients with one action.
func (m *Message) section(b *bytes.Buffer, a Action) {
	fmt.Fprintf(b, "%s\n\n", headline(a))
	var advice []string
	for i := range m.report.Recipients {
		r := &m.report.Recipients[i]
		if r.Action != a {
			continue
		}
		m.recipient(b, r)
		advice = appendNew(advice, r.advice())
	}
	for _, text := range advice {
		fmt.Fprintf(b, "%s\n\n", wrap("", text))
	}
}

// appendNew adds what is not yet there.
func appendNew(list []string, s string) []string {
	for _, old := range list {
		if old == s {
			return list
		}
	}
	return append(list, s)
}

// headline begins a section.
func headline(a Action) string {
	switch a {
	case Delayed:
		return "It has NOT YET BEEN DELIVERED to the following addresses. It is still tried."
	case Delivered:
		return "It was delivered to the following addresses."
	case Relayed:
		return "It was handed to a mail system that sends no reports, for these addresses."
	case Expanded:
		return "It was sent on to all who are meant by the following addresses."
	}
	return "It could NOT BE DELIVERED to the following addresses. It is not tried again."
}

// recipient says what happened to one.
func (m *Message) recipient(b *bytes.Buffer, r *Recipient) {
	fmt.Fprintf(b, "    %s\n", oneLine(r.Mailbox.String()))
	if _, asked, _ := strings.Cut(r.ORcpt, ";"); asked != "" && !strings.EqualFold(asked, r.Mailbox.String()) {
		fmt.Fprintf(b, "        You wrote to %s.\n", oneLine(asked))
	}
	if why := r.why(); why != "" {
		fmt.Fprintf(b, "%s\n", wrap("        ", why))
	}
	if r.Remote != "" && !r.Reply.IsZero() {
		fmt.Fprintf(b, "%s\n", wrap("        ", oneLine(r.Remote)+" answered: "+oneLine(r.Reply.String())))
	} else if r.Action == Failed || r.Action == Delayed {
		fmt.Fprintf(b, "%s\n", wrap("        ", "The reason: "+oneLine(r.Reply.String())))
	}
	if r.Action == Delayed && !r.Until.IsZero() {
		fmt.Fprintf(b, "        It will be tried until %s.\n", r.Until.Format(time.RFC1123Z))
	}
	b.WriteByte('\n')
}
