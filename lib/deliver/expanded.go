package deliver

import (
	"slices"

	"postern/lib/smtp"
)

// expanded is what becomes of a recipient who stands for several others, and
// of whom the sender wants to hear when the mail has arrived: a place in the
// queue of his own, from which runq tells that the mail was sent on, and no
// such wish with the others, whose number and names are not the sender's to
// know (RFC 3461 5.2.7, RFC 3464 2.3.3). For all else ok is false, and the
// others have the wishes of the recipient.
func expanded(rcpt smtp.Recipient, targets int) (list planned, others smtp.Recipient, ok bool) {
	if targets < 2 || !rcpt.Wants(smtp.Success) {
		return planned{}, rcpt, false
	}
	others = rcpt
	others.Notify = slices.DeleteFunc(slices.Clone(rcpt.Notify), func(event string) bool { return event == smtp.Success })
	if len(others.Notify) == 0 {
		others.Notify = []string{smtp.Never}
	}
	return planned{rcpt, Destination{Kind: Expanded, Mailbox: rcpt.Mailbox}}, others, true
}
