package check

import (
	"context"

	"postern/lib/dns"
	"postern/lib/smtp"
)

// Config is what the order of checks depends on.
type Config struct {
	Own          []string     // names that are ours: host name and own domains, `dom` or `*.dom`
	HeloClaims   bool         // refuse a HELO that claims to be us
	HeloExists   bool         // refuse a HELO name that DNS does not know
	RefuseEager  bool         // refuse who talks before it is told to
	AllowPercent bool         // let a `%` stand in a local part
	Resolver     dns.Resolver // for HeloExists

	// Recipient says what is known of an address; with Broken the error says
	// why nothing is.
	Recipient func(context.Context, smtp.Mailbox) (Presence, error)
}

// Presence is what is known of a recipient.
type Presence uint8

const (
	// Unknown is an address of ours that is nobody's.
	Unknown Presence = iota
	// Local is an address of ours that exists.
	Local
	// Remote is an address on another host.
	Remote
	// Broken is an address of which nothing can be said now.
	Broken
	// Closed is an address of ours that takes no mail.
	Closed
)

// Order is the one list of all checks, in the order in which they are asked.
func Order(c Config) []Check {
	return []Check{
		{Name: "eager", Stage: Helo, Ask: c.eager},
		{Name: "helo-claims", Stage: Helo, Ask: c.heloClaims},
		{Name: "helo-exists", Stage: Helo, Ask: c.heloExists},
		{Name: "percent", Stage: Rcpt, Ask: c.percent},
		// relay and recipient are not opinions but facts: without an answer
		// nothing can be promised, so they are closed.
		{Name: "recipient", Stage: Rcpt, Closed: true, Ask: c.recipient},
	}
}
