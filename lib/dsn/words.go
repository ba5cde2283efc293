package dsn

import (
	"bytes"
	"fmt"
	"mime"
	"strings"
	"time"

	"postern/lib/header"
	"postern/lib/smtp"
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

// why is the meaning of a status code in plain words (RFC 3463).
func (r *Recipient) why() string {
	if r.Action != Failed && r.Action != Delayed {
		return ""
	}
	if r.Action == Failed && r.Reply.Class() == 4 {
		return "It was tried for as long as mail is kept here, without success."
	}
	switch d := r.Reply.Detail; d {
	case smtp.NoMailbox, smtp.RecipientSyntax, smtp.MailboxMoved:
		return "There is no such mailbox."
	case smtp.BadDestination:
		return "There is no such domain."
	case smtp.RecipientNullMX:
		return "This domain takes no mail."
	case smtp.MailboxDisabled:
		return "The mailbox takes no mail at present."
	case smtp.MailboxFull:
		return "The mailbox is full."
	case smtp.MessageTooLong, smtp.MessageTooBig:
		return "The message is larger than what is taken there."
	case smtp.RoutingLoop:
		return "The message goes round in a circle between mail systems."
	case smtp.NoAnswer, smtp.BadConnection, smtp.NoRoute:
		return "The mail system there cannot be reached."
	case smtp.MediaUnsupported, smtp.ConversionForbidden, smtp.ConversionUnsupported, smtp.NonASCIIRefused, smtp.UTF8HeaderRefused:
		return "The mail system there does not understand the characters or the encoding of the message."
	default:
		if d != smtp.NoEnhanced && d.Subject() == smtp.OtherSecurity.Subject() {
			return "The mail system there does not permit this message."
		}
	}
	return ""
}

// advice is what the sender can do.
func (r *Recipient) advice() string {
	switch r.Action {
	case Delayed:
		return "You need not do anything. If it cannot be delivered at all, you will be told."
	case Delivered, Expanded:
		return "You need not do anything. That it was delivered does not mean that it was read."
	case Relayed:
		return "You need not do anything. Whether it arrives will not be reported from here, unless that system returns it."
	}
	if r.Reply.Class() == 4 {
		return "If the message still matters, reach the recipient another way, or send it again later."
	}
	switch d := r.Reply.Detail; {
	case d == smtp.NoEnhanced:
	case d.Subject() == smtp.OtherAddress.Subject():
		return "Look at the address: a letter may be wrong or missing. Then send the message to the right one."
	case d == smtp.MessageTooBig, d == smtp.MessageTooLong:
		return "Send a smaller message, or bring large files to the recipient another way."
	case d.Subject() == smtp.OtherMailbox.Subject():
		return "Tell the recipient another way, or send the message again later."
	case d.Subject() == smtp.OtherSecurity.Subject():
		return "Reach the recipient another way, and pass on the answer above: only the other side can change it."
	}
	return "The answer above says why. If it does not help you, pass it on to your postmaster."
}
