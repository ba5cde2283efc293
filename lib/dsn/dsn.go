// Package dsn builds delivery status notifications: the messages by which a
// mail system tells a sender what became of his mail (RFC 3464 in the envelope
// of RFC 6522, internationalised as RFC 6533 says). It has no queue and no
// clock: all that a report says is in a Report, and the same Report always
// gives the same octets.
package dsn

import (
	"io"
	"time"

	"postern/lib/smtp"
)

// Action is what was done for a recipient (RFC 3464 2.3.3).
type Action string

// The actions.
const (
	Failed    Action = "failed"    // not delivered, and not tried again
	Delayed   Action = "delayed"   // not delivered yet
	Delivered Action = "delivered" // in the mailbox
	Relayed   Action = "relayed"   // handed to a system that makes no reports
	Expanded  Action = "expanded"  // sent on to several others
)

// Report is what a notification says.
type Report struct {
	ID         string // of the report: 1 to 64 letters, digits, `_` and `-`
	Host       string // our name
	Date       time.Time
	To         smtp.Mailbox // the sender of the original; never the null sender
	Original   Original
	Recipients []Recipient // at least one
}

// Original is the message that the report is about.
type Original struct {
	ID      string // its name here, in the log
	EnvID   string // its sender's name for it, "" if he gave none (RFC 3461 4.4)
	Arrival time.Time
	Ret     string    // "FULL", "HDRS" or "" (RFC 3461 4.3)
	UTF8    bool      // it was sent with SMTPUTF8 (RFC 6531)
	Text    io.Reader // LF line ends
}

// Recipient is one recipient of the original.
type Recipient struct {
	Mailbox smtp.Mailbox
	ORcpt   string // address type and address as the sender wrote them, or "" (RFC 3461 4.2)
	Action  Action
	Reply   smtp.Reply // what the last attempt was answered
	Remote  string     // the host that answered, "name[address]", "" when it was this one
	Last    time.Time  // of the last attempt; zero if none
	Until   time.Time  // with Delayed: when it will be given up; zero if not known
}
