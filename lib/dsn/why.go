package dsn

import "postern/lib/smtp"

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
	case Delivered:
		return "You need not do anything. That it was delivered does not mean that it was read."
	case Expanded:
		return "You need not do anything. Of each of them who gets it you will not be told."
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
