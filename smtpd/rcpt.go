package main

import (
	"context"
	"strings"

	"postern/lib/check"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// rcptCmd is RCPT in the client's style.
func (s *session) rcptCmd(ctx context.Context, arg string) smtp.Reply {
	syntax := s.style.syntax()
	parse := func(arg string) (rcptArgs, *smtp.Reply) {
		r, refused := parseRcpt(arg, syntax)
		if refused == nil && r.colonSpace && s.style.strict() {
			refused = refusal(501, smtp.CommandSyntax, "a blank behind the colon")
		}
		s.qualify(&r.rcpt.Mailbox)
		return r, refused
	}
	return on(parse, (*session).rcptTo)(s, ctx, arg)
}

// rcptTo is RCPT (RFC 5321 4.1.1.3): replies 250, 452, 550, 553, 555, and what
// policy says. Whether the mailbox exists is known here, so that nothing has to
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
	case s.beyondNotice():
		return noNotice()
	case s.tooMany(ctx, r.rcpt.Mailbox):
		return smtp.Say(452, smtp.TooManyRecipients, "too many recipients, send another copy for the rest")
	}
	s.facts.Recipient = r.rcpt.Mailbox
	defer func() { s.facts.Recipient = smtp.Mailbox{} }()
	if v := s.judgeRcpt(ctx, r); v.Refused() {
		return s.refuse(v)
	}
	tx.env.Recipients = append(tx.env.Recipients, r.rcpt)
	tx.argv += len(r.rcpt.Mailbox.Local) + len(r.rcpt.Mailbox.Domain) + len("@\x00") + 8 // with its pointer in argv
	s.facts.Accepted = tx.env.Recipients
	s.state = rcpting
	return smtp.Say(250, smtp.ValidRecipient, "recipient ok"+s.keepRoute(r.route))
}

// judgeRcpt asks everything that may refuse a recipient, in this order, up to the
// first refusal.
func (s *session) judgeRcpt(ctx context.Context, r rcptArgs) check.Verdict {
	v := s.overRate(ctx)
	if !v.Refused() {
		v = s.policy.At(ctx, check.Rcpt, &s.facts)
	}
	if !v.Refused() {
		v = s.misread(r.rcpt.Mailbox)
	}
	if !v.Refused() {
		v = s.routed(ctx, r.route)
	}
	if !v.Refused() && s.verifying("t") {
		v = s.verify(ctx, "to", r.rcpt.Mailbox)
	}
	if !v.Refused() {
		v = s.countRcpt(ctx) // last, so that only those count who are taken
	}
	return v
}

// tooMany says whether a recipient is one too many. For trusted clients only the
// limits of the queue and of an external mailer's command line count. Recipients
// on other hosts, where policy says who may send to them, can have a higher limit
// (MaxRelayRcpts).
func (s *session) tooMany(ctx context.Context, m smtp.Mailbox) bool {
	n := len(s.tx.env.Recipients)
	switch {
	case n >= queue.MaxRecipients, len(s.conf.mailer) > 0 && s.tx.argv >= maxMailerArgv:
		return true
	case n < s.conf.maxRcpts, s.facts.Trusted:
		return false
	case n >= s.conf.wire.maxRelayRcpts:
		return true
	}
	p, err := s.presence(ctx, m)
	return err != nil || p != check.Remote
}

// beyondNotice counts a recipient of a message from <>, and says whether there are
// more than such a message may have (MaxErrorRecipients): it is a notice to one
// sender. DATA is refused then too (atData), so that none of the recipients gets
// the message.
func (s *session) beyondNotice() bool {
	limit := s.conf.wire.maxErrorRcpts
	if limit == 0 || s.facts.Trusted || !s.tx.env.Sender.IsZero() {
		return false
	}
	s.tx.named++
	return s.tx.named > limit
}

// noNotice is the refusal of a message from <> with many recipients. It is 550, and
// not ZMailer's 552, which clients take for 452 and come again with the rest (RFC
// 5321 4.5.3.1.10).
func noNotice() smtp.Reply {
	return smtp.Say(550, smtp.NotAuthorized, "too many recipients for a message from <>")
}

// rcptArgs is a parsed RCPT.
type rcptArgs struct {
	rcpt       smtp.Recipient
	route      string // the source route in front of the mailbox, "@a,@b"
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
	list := strings.Split(strings.ToUpper(value), ",")
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
