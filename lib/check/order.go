package check

import (
	"context"
	"net/netip"
	"time"

	"postern/lib/dns"
	"postern/lib/greylist"
	"postern/lib/record"
	"postern/lib/smtp"
)

// Config is what the order of checks depends on.
type Config struct {
	Own          []string         // names that are ours: host name and own domains, `dom` or `*.dom`
	HeloClaims   bool             // refuse a HELO that claims to be us
	HeloExists   bool             // refuse a HELO name that cannot be, or that DNS does not know
	SenderDomain bool             // refuse a sender whose domain takes no mail
	RefuseEager  bool             // refuse who talks before it is told to
	AllowPercent bool             // let a `%` stand in a local part
	NamedOnly    bool             // tell strangers to come later whose name cannot be looked up now
	SPFMarks     bool             // note the result of SPF and refuse nothing for it
	BackupMX     bool             // take mail for domains of which we are a lesser mail exchanger
	NoCheck      []string         // recipients, user or user@host, for whom nothing is refused because of who sends
	Resolver     dns.Resolver     // for HeloExists, SenderDomain, BackupMX and Lists
	Lists        *Lists           // nil for none
	Greylist     *greylist.Store  // nil for none
	Now          func() time.Time // for Greylist

	// ValidateAddress is asked about each recipient, ValidateSender about
	// the sender when the recipients are known.
	ValidateAddress, ValidateSender Hook
	// NetDir is the network directory that ValidateSender is told of.
	NetDir string
	// Environ is the environment of the hooks; nil for the record alone.
	Environ func(*record.Record) []string

	// Unfiltered says whether a recipient wants no lists to be asked.
	Unfiltered func(context.Context, smtp.Mailbox) bool

	// Address says whether an address is one of this host's; nil when that of
	// the connection is all that counts.
	Address func(netip.Addr) bool

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
		{Name: "lists", Stage: Mail, Ask: c.lists},
		{Name: "sender-domain", Stage: c.senderStage(), Ask: c.senderDomain},
		// What keeps strangers from relaying comes first: no list, though it
		// allows a client, may let them.
		{Name: "percent", Stage: Rcpt, Ask: c.percent},
		// recipient is no opinion: as long as nobody knows whether an address
		// exists, no mail for it can be accepted, so it is closed.
		{Name: "recipient", Stage: Rcpt, Closed: true, Ask: c.recipient},
		{Name: "names-blocked", Stage: Rcpt, Ask: c.namesBlocked},
		{Name: "senders", Stage: Rcpt, Ask: c.senders},
		{Name: "client-name", Stage: Rcpt, Ask: c.clientName},
		{Name: "spf", Stage: Rcpt, Ask: c.spf},
		{Name: "rbl", Stage: Rcpt, Ask: c.rbl},
		{Name: "validate-address", Stage: Rcpt, Ask: c.validateAddress},
		{Name: "greylist", Stage: Rcpt, Ask: c.greylist},
		{Name: "lists", Stage: Data, Ask: c.class},
		{Name: "validate-sender", Stage: Data, Ask: c.validateSender},
	}
}
