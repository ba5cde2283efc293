// Package check holds the stages of policy: which mechanism is asked when,
// and what its answer does to the session.
//
// A check is asked at one stage of the dialogue and has an opinion or none.
// The first opinion decides the stage. A check that cannot do its work (its
// store is gone, its code is at fault) returns an error: it has no opinion,
// the error goes to the log and the session goes on, unless the check is
// closed, when the client is asked to try again.
package check

import (
	"context"
	"net/netip"

	"postern/lib/rbl"
	"postern/lib/record"
	"postern/lib/smtp"
	"postern/lib/spf"
)

// Stage is a point of the dialogue at which checks are asked.
type Stage uint8

// The stages, in the order in which a session meets them.
const (
	Connect Stage = iota
	Helo
	Mail
	Rcpt
	Data
	Message
	stages
)

var stageNames = [stages]string{"CONNECT", "HELO", "MAIL", "RCPT", "DATA", "END-OF-MESSAGE"}

// String is the stage's name as Postfix's protocol_state has it.
func (s Stage) String() string { return stageNames[s] }

// Action is what a check wants done.
type Action uint8

const (
	// None is no opinion: the next check is asked.
	None Action = iota
	// Accept ends the stage in the client's favour.
	Accept
	// Defer refuses for now: a 4yz reply.
	Defer
	// Reject refuses for good: a 5yz reply.
	Reject
	// Discard takes the message and drops it.
	Discard
)

// String is the word that stands in the decision record (verdict=).
func (a Action) String() string {
	return [...]string{"none", "accept", "defer", "reject", "discard"}[a]
}

// Verdict is a check's answer.
type Verdict struct {
	Action Action
	Reply  smtp.Reply // for Defer and Reject
	Reason string     // words for the log, never for the client
	Close  bool       // end the session after the reply
	Hard   bool       // whatever the client says behind this is refused too
	Save   bool       // the text may be taken, for people to look at, before it is refused
	Auth   bool       // a client that authenticates is forgiven
	Quiet  bool       // keep it out of the log
	Check  string     // the name of the check; Policy.At sets it
}

// Refused says whether the client gets v's reply instead of what it asked for.
func (v Verdict) Refused() bool { return v.Action == Defer || v.Action == Reject }

// Facts is what checks are asked about. Checks may add attributes to Record.
type Facts struct {
	Client    netip.Addr // not valid when the peer is unknown
	Server    netip.Addr // our end of the connection
	Trusted   bool       // may relay; checks of manners are skipped
	Unsure    error      // why nobody knows now whether he may, when he is not Trusted
	Caller    bool       // no client of the network: a user of this host runs us
	Helo      string
	Extended  bool // EHLO, not HELO
	Sender    smtp.Mailbox
	Recipient smtp.Mailbox     // the one that RCPT just named
	Accepted  []smtp.Recipient // those of before
	Class     Class            // what the lists say of client and sender, set at MAIL
	ClassFrom string           // the entry of a list that says so
	Record    *record.Record

	// SPF and Lists wait for what was asked about client and sender while the
	// dialogue went on. They are nil when nothing was.
	SPF   func() spf.Result
	Lists func() rbl.Result
	// Name waits for the client's verified name, "" when it has none. It is
	// nil when there is no look-up.
	Name func() string
	// NameError waits for the look-up of the client's name, and is why it had
	// no result. It is nil when there was none.
	NameError func() error
}

// Check is one row of the order.
type Check struct {
	Name   string
	Stage  Stage
	Closed bool // a broken check defers instead of having no opinion
	Ask    func(context.Context, *Facts) (Verdict, error)
}

// Policy asks checks in their order.
type Policy struct {
	checks []Check
	broken func(check string, err error)
}

// New makes a policy of checks; broken hears of checks that failed.
func New(checks []Check, broken func(check string, err error)) *Policy {
	return &Policy{checks, broken}
}

// At asks the checks of a stage and returns the first opinion, or a verdict
// whose Action is None.
func (p *Policy) At(ctx context.Context, s Stage, f *Facts) Verdict {
	for _, c := range p.checks {
		if c.Stage != s {
			continue
		}
		v, err := c.Ask(ctx, f)
		if err != nil {
			p.broken(c.Name, err)
			if !c.Closed {
				continue
			}
			v = Verdict{Action: Defer, Reply: smtp.Say(451, smtp.OtherSystem, "cannot decide now, try again later"), Reason: err.Error()}
		}
		if v.Action != None {
			v.Check = c.Name
			return v
		}
	}
	return Verdict{}
}
