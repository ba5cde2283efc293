package main

import (
	"context"
	"strings"

	"postern/lib/place"
	"postern/lib/smtp"
)

// helpCmd is HELP (RFC 5321 4.1.1.8): 214, and 504 for a verb that has no help.
func (s *session) helpCmd(_ context.Context, arg string) smtp.Reply {
	if arg != "" {
		return s.helpVerb(strings.ToUpper(arg))
	}
	lines := append([]string{"postern " + place.Version()}, s.conf.help...)
	var names []string
	for _, v := range s.verbs {
		if helpOf(v.name) != "" {
			names = append(names, v.name)
		}
	}
	return smtp.Say(214, smtp.NoDetail, append(lines, "commands: "+strings.Join(names, " "))...)
}

// helpVerb is HELP with a verb.
func (s *session) helpVerb(name string) smtp.Reply {
	text := helpOf(name)
	if text == "" || s.findVerb([]byte(name)) == nil {
		return smtp.Say(504, smtp.InvalidArguments, "no help for that")
	}
	return smtp.Say(214, smtp.NoDetail, text)
}

// helpOf is how a verb is used, "" for those that nobody needs to know.
func helpOf(verb string) string {
	switch verb {
	case "EHLO", "HELO":
		return verb + " your.host.name"
	case "MAIL":
		return "MAIL FROM:<sender> [SIZE=octets] [BODY=7BIT|8BITMIME] [SMTPUTF8] [RET=FULL|HDRS] [ENVID=id]"
	case "RCPT":
		return "RCPT TO:<recipient> [NOTIFY=NEVER|SUCCESS,FAILURE,DELAY] [ORCPT=type;address]"
	case "DATA":
		return "DATA, the message behind 354, a dot on a line of its own"
	case "BDAT":
		return "BDAT octets [LAST], and so many octets"
	case "RSET":
		return "RSET forgets sender and recipients"
	case "NOOP":
		return "NOOP does nothing"
	case "QUIT":
		return "QUIT ends the session"
	case "STARTTLS":
		return "STARTTLS, and a TLS handshake"
	case "AUTH":
		return "AUTH mechanism [initial-response]"
	case "VRFY":
		return "VRFY address"
	case "EXPN":
		return "EXPN list"
	case "ETRN":
		return "ETRN domain, for the mail that waits for it"
	case "HELP":
		return "HELP [command]"
	}
	return ""
}
