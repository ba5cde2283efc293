package smtp

import "slices"

// Envelope is what a transaction says about a message besides its text.
type Envelope struct {
	ID         string  // of the transaction: in the reply, in Received, in the log
	Sender     Mailbox // zero for the null sender <>
	Body       string  // "", "7BIT" or "8BITMIME" (RFC 6152)
	SMTPUTF8   bool    // RFC 6531
	Size       int64   // as declared with SIZE=, 0 if it was not (RFC 1870)
	Ret        string  // "", "FULL" or "HDRS" (RFC 3461 4.3)
	EnvID      string  // decoded from xtext (RFC 3461 4.4)
	Auth       string  // decoded from xtext; "<>" when nobody vouches (RFC 4954 section 5)
	Ident      string  // the user of this host who handed it in, see caller.Ident; "" when it came otherwise
	Recipients []Recipient
}

// IsASCII reports that no address of the envelope needs SMTPUTF8 (RFC 6531).
func (e *Envelope) IsASCII() bool {
	return e.Sender.IsASCII() && !slices.ContainsFunc(e.Recipients, func(r Recipient) bool { return !r.Mailbox.IsASCII() })
}

// For is a copy of the envelope with some of its recipients, which are named by
// their places in it.
func (e *Envelope) For(rcpts []int) *Envelope {
	part := *e
	part.Recipients = make([]Recipient, len(rcpts))
	for n, i := range rcpts {
		part.Recipients[n] = e.Recipients[i]
	}
	return &part
}

// SafeRecipients is how many recipients every server takes in one transaction (RFC
// 5321 4.5.3.1.8).
const SafeRecipients = 100

// Events of which a sender may want to hear (RFC 3461 4.1).
const (
	Success = "SUCCESS"
	Failure = "FAILURE"
	Delay   = "DELAY"
	Never   = "NEVER" // of none: it stands alone
)

// Recipient is one RCPT with its parameters.
type Recipient struct {
	Mailbox Mailbox
	Notify  []string // Never, or some of the events (RFC 3461 4.1)
	ORcpt   string   // address type and address, decoded: "rfc822;a@example.org" (RFC 3461 4.2)
	Dest    string   // where lib/deliver decided that it goes; "" as long as nobody has, and never from the network
}

// Wants says whether the sender wants to hear of an event for this recipient.
// Who has said nothing hears of failures and delays (RFC 3461 5.2.1).
func (r *Recipient) Wants(event string) bool {
	if len(r.Notify) == 0 {
		return event != Success
	}
	return slices.Contains(r.Notify, event)
}
