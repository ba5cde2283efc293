package client

import (
	"strconv"
	"strings"

	"postern/lib/smtp"
)

// unsendable is what we answer, in the server's place, to an envelope that
// this server cannot be given; zero when it can.
func (s *Session) unsendable(env *smtp.Envelope) smtp.Reply {
	switch {
	case !sendable(env.Sender.String()):
		return smtp.Say(553, smtp.SenderSyntax, "the sender is no address")
	case env.SMTPUTF8 && !s.has("SMTPUTF8"), !env.SMTPUTF8 && !env.Sender.IsASCII():
		return smtp.Say(553, smtp.NonASCIIRefused, "the next server does not take UTF-8 addresses or header fields")
	case env.Size > 0 && s.maxSize() > 0 && env.Size > s.maxSize():
		return smtp.Say(552, smtp.MessageTooBig, "the next server takes no message of this size")
	}
	return smtp.Reply{}
}

// unsendableTo is the same for one recipient.
func (s *Session) unsendableTo(env *smtp.Envelope, to smtp.Mailbox) smtp.Reply {
	switch {
	case to.IsZero() || !sendable(to.String()):
		return smtp.Say(553, smtp.RecipientSyntax, "the recipient is no address")
	case !env.SMTPUTF8 && !to.IsASCII():
		return smtp.Say(553, smtp.NonASCIIRefused, "a UTF-8 address in a message without SMTPUTF8")
	}
	return smtp.Reply{}
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

// mailCommand is MAIL with those parameters that the server knows. A message
// in 8 bits goes as it is to a server without 8BITMIME: whoever minds asks
// Offers and converts it first (RFC 6152 section 3).
func (s *Session) mailCommand(env *smtp.Envelope) string {
	var b strings.Builder
	b.WriteString("MAIL FROM:<" + env.Sender.String() + ">")
	if env.Size > 0 && s.has("SIZE") {
		b.WriteString(" SIZE=" + strconv.FormatInt(env.Size, 10))
	}
	if env.Body == "8BITMIME" && s.has("8BITMIME") {
		b.WriteString(" BODY=8BITMIME")
	}
	if env.SMTPUTF8 {
		b.WriteString(" SMTPUTF8")
	}
	if s.has("DSN") {
		addParam(&b, "RET", env.Ret)
		addParam(&b, "ENVID", smtp.EncodeXtext(env.EnvID))
	}
	return b.String()
}

// rcptCommand is RCPT, with what was asked about bounces if the server knows
// of that (RFC 3461).
func (s *Session) rcptCommand(to smtp.Recipient) string {
	var b strings.Builder
	b.WriteString("RCPT TO:<" + to.Mailbox.String() + ">")
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
