package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"postern/lib/dns"
	"postern/lib/dsn"
	"postern/lib/header"
	"postern/lib/maillog"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// The words of DoubleBounce; anything else is an address.
const (
	discardDouble = "discard"
	keepDouble    = "keep"
)

// doubleBounce is for mail of the null sender, which nobody is told of
// (RFC 5321 6.1). It is thrown away, kept for a person, or told to the address
// of the directive.
func (r *runner) doubleBounce(e *queue.Entry, failed []int) error {
	failed, err := r.narrow(e, failed)
	if err != nil || len(failed) == 0 {
		return err
	}
	r.log.Log(maillog.Warning, fmt.Sprintf("%s: a report, or other mail of the null sender, that could not be delivered to %s (DoubleBounce %s)",
		e.ID, recipientList(e, failed), r.notices.double))
	switch r.notices.double {
	case keepDouble:
		return nil
	case discardDouble:
		return e.Tell(failed)
	}
	to, err := smtp.ParseMailbox(r.notices.double, true)
	if err != nil {
		return err
	}
	if err := r.tell(e, "f", dsn.Failed, worthTelling(e, failed, to), to); err != nil {
		return err
	}
	return e.Tell(failed)
}

// worthTelling are those of the recipients of whom the address of DoubleBounce
// is told: none of mail that has come in, else two hosts could tell each other
// without end, and none to whom the mail came by that address itself.
func worthTelling(e *queue.Entry, failed []int, to smtp.Mailbox) (list []int) {
	if hasComeIn(e.Message()) {
		return nil
	}
	for _, i := range failed {
		if !sentTo(&e.Envelope.Recipients[i], to) {
			list = append(list, i)
		}
	}
	return list
}

// maxHead is how much of a message is looked at as its header, in octets.
const maxHead = 64 << 10

// hasComeIn says whether a message was not made here: whoever takes in a
// message puts Received in front (RFC 5321 4.4). One that cannot be read has.
func hasComeIn(text io.Reader) bool {
	head, err := io.ReadAll(io.LimitReader(text, maxHead))
	if err != nil {
		return true
	}
	head, _, _ = bytes.Cut(head, []byte("\n\n"))
	for f := range header.Fields(append(head, '\n')) {
		if f.Is("Received") {
			return true
		}
	}
	return false
}

// sentTo says whether what goes to rcpt was first sent to m: aliases and
// forwards keep that in ORCPT.
func sentTo(rcpt *smtp.Recipient, m smtp.Mailbox) bool {
	_, first, _ := strings.Cut(rcpt.ORcpt, ";")
	want := dns.FoldAddress(m.String())
	return dns.FoldAddress(rcpt.Mailbox.String()) == want || dns.FoldAddress(first) == want
}
