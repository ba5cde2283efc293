package main

import (
	"context"
	"strings"

	"postern/lib/check"
	"postern/lib/smtp"
)

// rcptArgs is a parsed RCPT.
type rcptArgs struct {
	rcpt       smtp.Recipient
	route      string // that stood in front, "@a,@b"
	ascii      bool
	colonSpace bool
}

// parseRcpt parses TO:<path> and its parameters (RFC 5321 4.1.1.3), in the
// syntax of a style. A source route is parsed and not obeyed (appendix C).
func parseRcpt(arg string, syntax smtp.Syntax) (rcptArgs, *smtp.Reply) {
	path, rest, space, err := smtp.ParsePath("TO", arg, syntax)
	if err != nil {
		return rcptArgs{}, addressRefusal(err, false)
	}
	r := rcptArgs{rcpt: smtp.Recipient{Mailbox: path.Mailbox}, route: path.Route, ascii: path.IsASCII(), colonSpace: space}
	params, err := smtp.ParseParams(rest)
	if err != nil {
		return rcptArgs{}, refusal(501, smtp.InvalidArguments, err.Error())
	}
	for _, p := range params {
		if refused := rcptParam(&r.rcpt, p); refused != nil {
			return rcptArgs{}, refused
		}
	}
	return r, nil
}

// rcptParam takes one parameter of RCPT.
func rcptParam(r *smtp.Recipient, p smtp.Param) *smtp.Reply {
	ok := false
	switch p.Keyword {
	case "NOTIFY": // RFC 3461 4.1
		r.Notify, ok = parseNotify(p.Value)
	case "ORCPT": // RFC 3461 4.2
		r.ORcpt, ok = parseORcpt(p.Value)
	default:
		return refusal(555, smtp.InvalidArguments, "unknown parameter of RCPT")
	}
	if !ok {
		return refusal(501, smtp.InvalidArguments, "bad value of "+p.Keyword)
	}
	return nil
}

// parseNotify parses NEVER, or a list of the others.
func parseNotify(value string) ([]string, bool) {
	list := strings.Split(upper(value), ",")
	for i, word := range list {
		switch word {
		case "NEVER":
			if len(list) > 1 {
				return nil, false
			}
		case "SUCCESS", "FAILURE", "DELAY":
			for _, earlier := range list[:i] {
				if earlier == word {
					return nil, false
				}
			}
		default:
			return nil, false
		}
	}
	return list, true
}

// maxORcpt is the longest ORCPT (RFC 3461 4.2).
const maxORcpt = 500

// parseORcpt parses address-type;xtext.
func parseORcpt(value string) (string, bool) {
	kind, address, ok := strings.Cut(value, ";")
	if !ok || !smtp.IsAtom(kind) || len(value) > maxORcpt {
		return "", false
	}
	plain, err := smtp.DecodeXtext(address)
	if err != nil {
		return "", false
	}
	return kind + ";" + plain, true
}

// rcptTo is RCPT (RFC 5321 4.1.1.3): replies 250, 452, 550, and what policy
// says. Whether the mailbox exists is known here, so that nothing has to
// bounce later.
func (s *session) rcptTo(ctx context.Context, r rcptArgs) smtp.Reply {
	tx := s.tx
	if r.colonSpace {
		s.rec.Set("colon_space", "1")
	}
	if !r.ascii && !tx.env.SMTPUTF8 {
		return smtp.Say(553, smtp.NonASCIIRefused, "non-ASCII addresses need SMTPUTF8")
	}
	switch {
	case !s.takesDSN() && (r.rcpt.Notify != nil || r.rcpt.ORcpt != ""):
		return smtp.Say(555, smtp.InvalidArguments, "unknown parameter of RCPT")
	case s.bait():
		return notNotice()
	case s.tooMany(ctx, r.rcpt.Mailbox):
		return smtp.Say(452, smtp.TooManyRecipients, "too many recipients, send another copy for the rest")
	}
	s.facts.Recipient = r.rcpt.Mailbox
	defer func() { s.facts.Recipient = smtp.Mailbox{} }()
	if v := s.overRate(); v.Refused() {
		return s.refuse(v)
	}
	if v := s.policy.At(ctx, check.Rcpt, &s.facts); v.Refused() {
		return s.refuse(v)
	}
	if v := s.routed(ctx, r.route); v.Refused() {
		return s.refuse(v)
	}
	if s.verifying("t") {
		if v := s.verify(ctx, "to", r.rcpt.Mailbox); v.Refused() {
			return s.refuse(v)
		}
	}
	if v := s.countRcpt(); v.Refused() {
		return s.refuse(v)
	}
	tx.env.Recipients = append(tx.env.Recipients, r.rcpt)
	tx.argv += len(r.rcpt.Mailbox.Local) + len(r.rcpt.Mailbox.Domain) + len("@\x00") + 8 // and a pointer
	s.facts.Accepted = tx.env.Recipients
	s.state = rcpting
	return smtp.Say(250, smtp.ValidRecipient, "recipient ok"+s.keepRoute(r.route))
}
