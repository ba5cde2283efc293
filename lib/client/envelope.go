package client

import (
	"strconv"
	"strings"

	"postern/lib/dns"
	"postern/lib/smtp"
)

// unsendable is what we answer, in the server's place, to a message that this
// server cannot be given; zero when it can.
func (t *transaction) unsendable() smtp.Reply {
	s, env := t.session, t.env
	size := t.size()
	switch {
	case !sendable(env.Sender.String()):
		return smtp.Say(553, smtp.SenderSyntax, "the sender is no address")
	case !env.SMTPUTF8 && !env.Sender.IsASCII():
		return smtp.Say(553, smtp.NonASCIIRefused, "a UTF-8 address in a message without SMTPUTF8")
	case !t.takes(env.Sender):
		return smtp.Say(553, smtp.NonASCIIRefused, "the next server does not take UTF-8 addresses")
	case env.SMTPUTF8 && t.text != nil && !t.text.known && !s.has("SMTPUTF8"):
		return smtp.Say(553, smtp.NonASCIIRefused, "the next server does not take UTF-8 addresses or header fields")
	case size > 0 && s.maxSize() > 0 && size > s.maxSize():
		return smtp.Say(552, smtp.MessageTooBig, "the next server takes no message of this size")
	case t.text == nil || !t.text.known:
		return smtp.Reply{}
	}
	return t.unfit()
}

// unfit is unsendable for what is known of the text.
func (t *transaction) unfit() smtp.Reply {
	s := t.session
	switch {
	case t.text.BareCR:
		return smtp.Say(554, smtp.OtherMedia, "the message has a bare CR, which means different things to different servers")
	case t.env.SMTPUTF8 && t.text.EightBitHead && !s.has("SMTPUTF8"):
		return smtp.Say(554, smtp.UTF8HeaderRefused, "the next server does not take UTF-8 header fields")
	case t.text.EightBit && !s.has("8BITMIME") && !s.has("SMTPUTF8"):
		return smtp.Say(554, smtp.ConversionUnsupported, "the next server does not take 8-bit text")
	}
	return smtp.Reply{}
}

// unsendableTo is unsendable for one recipient.
func (t *transaction) unsendableTo(to smtp.Mailbox) smtp.Reply {
	switch {
	case to.IsZero() || !sendable(to.String()):
		return smtp.Say(553, smtp.RecipientSyntax, "the recipient is no address")
	case !t.env.SMTPUTF8 && !to.IsASCII():
		return smtp.Say(553, smtp.NonASCIIRefused, "a UTF-8 address in a message without SMTPUTF8")
	case !t.takes(to):
		return smtp.Say(553, smtp.NonASCIIRefused, "the next server does not take UTF-8 addresses")
	}
	return smtp.Reply{}
}

// takes says whether the server can be told the mailbox, in some form.
func (t *transaction) takes(m smtp.Mailbox) bool {
	m = t.session.wireForm(m)
	return m.IsASCII() || t.session.has("SMTPUTF8")
}

// wireForm is the mailbox as the server is told it.
func (s *Session) wireForm(m smtp.Mailbox) smtp.Mailbox {
	if s.has("SMTPUTF8") {
		return m
	}
	return ALabels(m)
}

// ALabels is the mailbox in the form that needs no SMTPUTF8, if it has one:
// where the domain is all that is not ASCII, that stands in A-labels, and it is
// the same mailbox (RFC 6531 3.2, RFC 5890 2.3.2.1). Any other comes back as it
// is.
func ALabels(m smtp.Mailbox) smtp.Mailbox {
	ascii := smtp.Mailbox{Local: m.Local, Domain: dns.ToASCII(m.Domain)}
	if m.IsASCII() || !ascii.IsASCII() || smtp.CheckDomain(ascii.Domain, false) != nil {
		return m
	}
	return ascii
}

// size is what is known of the message's size, 0 for nothing.
func (t *transaction) size() int64 {
	if t.text != nil && t.text.known {
		return t.text.Size
	}
	return t.env.Size
}

// eightBit reports that the message has to be announced as one in 8 bits.
// Where the text is not known, its sender's word counts.
func (t *transaction) eightBit() bool {
	return t.env.Body == "8BITMIME" || t.text != nil && t.text.EightBit
}

// maxSize is the largest message that the server takes, in octets; 0 when it
// names no limit (RFC 1870 section 4).
func (s *Session) maxSize() int64 {
	params, _ := s.Offers("SIZE")
	n, err := smtp.ParseSize(params)
	if err != nil {
		return 0
	}
	return n
}

// mailCommand is MAIL with those parameters that the server knows.
func (t *transaction) mailCommand() string {
	s, env := t.session, t.env
	var b strings.Builder
	b.WriteString("MAIL FROM:<" + s.wireForm(env.Sender).String() + ">")
	if size := t.size(); size > 0 && s.has("SIZE") {
		b.WriteString(" SIZE=" + strconv.FormatInt(size, 10))
	}
	if t.eightBit() && s.has("8BITMIME") {
		b.WriteString(" BODY=8BITMIME")
	}
	if env.SMTPUTF8 && s.has("SMTPUTF8") {
		b.WriteString(" SMTPUTF8")
	}
	if s.has("DSN") {
		addParam(&b, "RET", env.Ret)
		addParam(&b, "ENVID", smtp.EncodeXtext(env.EnvID))
	}
	if s.has("AUTH") {
		addParam(&b, "AUTH", smtp.EncodeXtext(env.Auth)) // RFC 4954 section 5
	}
	return b.String()
}

// rcptCommand is RCPT, with what was asked about bounces if the server knows
// of that (RFC 3461).
func (s *Session) rcptCommand(to smtp.Recipient) string {
	var b strings.Builder
	b.WriteString("RCPT TO:<" + s.wireForm(to.Mailbox).String() + ">")
	if s.has("DSN") {
		addParam(&b, "NOTIFY", strings.Join(to.Notify, ","))
		addParam(&b, "ORCPT", encodeORcpt(to.ORcpt))
	}
	return b.String()
}

// addParam writes KEYWORD=value unless there is no value, or one that would
// not stay within the line.
func addParam(b *strings.Builder, keyword, value string) {
	if value != "" && !strings.ContainsAny(value, " \r\n\x00") {
		b.WriteString(" " + keyword + "=" + value)
	}
}

// encodeORcpt encodes the address, not the type in front of it
// (RFC 3461 section 4.2).
func encodeORcpt(s string) string {
	kind, address, ok := strings.Cut(s, ";")
	if !ok {
		return ""
	}
	return kind + ";" + smtp.EncodeXtext(address)
}
