package deliver

import (
	"postern/lib/smtp"
)

// Status is how the delivery to one recipient ended.
type Status int

// The ends of a delivery.
const (
	Deferred  Status = iota // try again later
	Delivered               // safe at its final destination
	Rejected                // never: to be returned to the sender
)

// Outcome is the result of a delivery to one recipient.
type Outcome struct {
	Status Status
	Reply  smtp.Reply // as an SMTP server would have said it
	Remote bool       // not delivered here: the way is smtp's, and Status is Deferred
	Where  string     // where a delivered message is, for the log
	Onward bool       // with Delivered: queued anew for other addresses, whose fate is reported from there
	Err    error      // what went wrong, for the log

	// Forward is addresses to which the user wants his mail to be sent on:
	// with Delivered, from Final alone, which has not done it.
	Forward []smtp.Mailbox
}

// String is the outcome in one line for a log.
func (o Outcome) String() string {
	if o.Err != nil {
		return o.Reply.String() + ": " + o.Err.Error()
	}
	return o.Reply.String()
}

// failed is the Outcome of an error.
func failed(err error) Outcome {
	o := Outcome{Status: Deferred, Reply: Reply(err), Err: err}
	if o.Reply.Class() == 5 {
		o.Status = Rejected
	}
	return o
}

// done is the Outcome of success.
func done(where string) Outcome {
	return Outcome{Status: Delivered, Reply: smtp.Say(250, smtp.NoDetail, "delivered"), Where: where}
}

// deferred is an Outcome that only time or the administrator can change.
func deferred(d smtp.Detail, why string) Outcome {
	return Outcome{Status: Deferred, Reply: smtp.Say(451, d, why)}
}
