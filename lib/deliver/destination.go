package deliver

import (
	"errors"
	"fmt"
	"strings"

	"postern/lib/maildir"
	"postern/lib/smtp"
)

// Kind is a way of delivery.
type Kind int

// The ways of delivery: first those that write a mailbox, then those by which
// mail comes to its end here, see Local and here.
const (
	Maildir  Kind = iota // a folder, one file a message
	Mbox                 // one file
	Discard              // /dev/null
	LMTP                 // a server that keeps the mail: host or socket
	Command              // a command that reads the message
	Relay                // another host
	Nobody               // ours, and there is no such mailbox
	Later                // cannot be said before runq works on it: a rule asks a command, an alias names nobody
	Expanded             // several others, who are recipients themselves: only the sender is to be told
)

// Destination is where a message goes for one recipient, as the rules and
// aliases have decided.
type Destination struct {
	Kind    Kind
	Path    string       // Maildir and Mbox: the path. LMTP: socket or host. Command: its words, as rewrite.Join writes them. Later: the reason
	Create  bool         // Maildir and Mbox: to be made when missing
	Mailbox smtp.Mailbox // the address it is for, as it was after all aliases
	User    string       // local mailboxes: the name of the mailbox

	there   bool         // the mailbox exists
	private bool         // a Maildir whose user has a forward or pipeto in it
	info    maildir.Info // owner, group and device of the mailbox that exists
}

// String is the destination as it stands in the queue and as send -x shows
// it: in the words of a rewrite rule. `>>+` marks a mailbox that may be made.
func (d Destination) String() string {
	switch d.Kind {
	case Maildir, Mbox:
		if d.Create {
			return ">>+ " + d.Path
		}
		return ">> " + d.Path
	case Discard:
		return ">> /dev/null"
	case LMTP:
		return ">> " + lmtpPrefix + d.Path
	case Command:
		return "| " + d.Path
	case Relay:
		return "relay"
	case Nobody:
		return "nobody"
	case Expanded:
		return "expanded"
	}
	return "later"
}

// lmtpPrefix begins a mailbox that is kept by an LMTP server.
const lmtpPrefix = "lmtp:"

var errDestination = errors.New("not a destination")

// ParseDestination reads what String wrote; m is the address that it is for.
func ParseDestination(s string, m smtp.Mailbox) (Destination, error) {
	word, arg, _ := strings.Cut(s, " ")
	var d Destination
	switch {
	case word == ">>" && arg != "":
		d = mailboxAt(arg, false)
	case word == ">>+" && arg != "":
		d = mailboxAt(arg, true)
	case word == "|" && arg != "":
		d = Destination{Kind: Command, Path: arg}
	case s == "relay":
		d = Destination{Kind: Relay}
	case s == "nobody":
		d = Destination{Kind: Nobody}
	case s == "later":
		d = Destination{Kind: Later}
	case s == "expanded":
		d = Destination{Kind: Expanded}
	default:
		return d, fmt.Errorf("%w: %q", errDestination, s)
	}
	d.Mailbox = m
	return d, nil
}

// mailboxAt is the destination that the argument of >> names: a Maildir ends
// in a slash, lmtp: is a server, all else is an mbox.
func mailboxAt(path string, create bool) Destination {
	if server, ok := strings.CutPrefix(path, lmtpPrefix); ok {
		return Destination{Kind: LMTP, Path: server}
	}
	switch {
	case path == "/dev/null":
		return Destination{Kind: Discard}
	case strings.HasSuffix(path, "/"):
		return Destination{Kind: Maildir, Path: path, Create: create}
	}
	return Destination{Kind: Mbox, Path: path, Create: create}
}

// Local says whether the destination is a mailbox that we write ourselves.
func (d Destination) Local() bool { return d.Kind <= Discard }

// here says whether the destination is the last one as far as mail transport
// goes: a mailbox, whoever keeps it, or a command.
func (d Destination) here() bool { return d.Kind <= Command }

// A target is what a message goes to only once, even if several recipients lead
// there.
type target struct {
	kind    Kind
	path    string
	mailbox smtp.Mailbox // unless it is a mailbox that we write ourselves
}

func (d Destination) target() target {
	t := target{d.Kind, d.Path, d.Mailbox}
	if d.Local() {
		t.mailbox = smtp.Mailbox{}
	}
	return t
}

// same says whether a message needs to go to only one of d and e.
func (d Destination) same(e Destination) bool { return d.target() == e.target() }
