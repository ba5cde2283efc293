package main

import (
	"context"
	"strings"

	"postern/lib/check"
	"postern/lib/smtp"
)

// mailCmd is MAIL, and the verbs that mean it (SEND, SOML, SAML), in the syntax of
// the client's style.
func (s *session) mailCmd(ctx context.Context, arg string) smtp.Reply {
	syntax := s.style.syntax()
	parse := func(arg string) (mailArgs, *smtp.Reply) {
		m, refused := parseMail(arg, syntax)
		if refused == nil && m.colonSpace && s.style.strict() {
			refused = refusal(501, smtp.CommandSyntax, "a blank behind the colon")
		}
		s.qualify(&m.env.Sender)
		return m, refused
	}
	return on(parse, (*session).mailFrom)(s, ctx, arg)
}

// mailFrom is MAIL (RFC 5321 4.1.1.2): replies 250, 451, 452, 530, 552, and
// what policy says.
func (s *session) mailFrom(ctx context.Context, m mailArgs) smtp.Reply {
	if s.conf.maxSize > 0 && m.env.Size > s.conf.maxSize {
		return *tooLarge()
	}
	if m.env.SMTPUTF8 && !s.takesUTF8() {
		return smtp.Say(555, smtp.InvalidArguments, "SMTPUTF8 is not offered")
	}
	if s.mustAuth && s.login.user == "" {
		return smtp.Say(530, smtp.OtherSecurity, "authenticate first")
	}
	if r := s.hiddenMail(m.env); r != nil {
		return *r
	}
	if r := s.flooded(ctx); r != nil {
		return *r
	}
	if v := s.roomFor(m.env.Size); v.Refused() {
		return s.refuse(v)
	}
	s.begin(m)
	if v := s.judgeMail(ctx, m.env.Sender); v.Refused() {
		r := s.refuse(v)
		s.reset("")
		return r
	}
	s.state = mailing
	return smtp.Say(250, smtp.OtherAddress, "sender ok")
}

// judgeMail asks all that may refuse a sender, one after the other, up to the
// first that does.
func (s *session) judgeMail(ctx context.Context, sender smtp.Mailbox) check.Verdict {
	v := s.policy.At(ctx, check.Mail, &s.facts)
	if !v.Refused() {
		v = s.misread(sender)
	}
	if !v.Refused() && s.verifying("f") && !sender.IsZero() {
		v = s.verify(ctx, "from", sender)
	}
	return v
}

// tooLarge refuses a message by the size that MAIL declares (RFC 1870 section 6.1).
func tooLarge() *smtp.Reply {
	return refusal(552, smtp.MessageTooBig, "larger than what is taken here")
}

// hiddenMail refuses the parameters of extensions that the configuration turns off.
func (s *session) hiddenMail(env smtp.Envelope) *smtp.Reply {
	w := &s.conf.wire
	if w.no8BitMIME && env.Body != "" || !s.takesDSN() && (env.Ret != "" || env.EnvID != "") {
		return refusal(555, smtp.InvalidArguments, "unknown parameter of MAIL")
	}
	return nil
}

// mailArgs is a parsed MAIL.
type mailArgs struct {
	env        smtp.Envelope
	ascii      bool // the path has nothing beyond ASCII
	colonSpace bool
}

// parseMail parses FROM:<path> and its parameters (RFC 5321 4.1.1.2), in the
// syntax of a style.
func parseMail(arg string, syntax smtp.Syntax) (mailArgs, *smtp.Reply) {
	path, rest, space, err := smtp.ParsePath("FROM", arg, syntax)
	if err != nil {
		return mailArgs{}, addressRefusal(err, true)
	}
	m := mailArgs{ascii: path.IsASCII(), colonSpace: space}
	m.env.Sender = path.Mailbox
	params, err := smtp.ParseParams(rest)
	if err != nil {
		return mailArgs{}, refusal(501, smtp.InvalidArguments, err.Error())
	}
	for _, p := range params {
		if r := mailParam(&m.env, p); r != nil {
			return mailArgs{}, r
		}
	}
	if !m.ascii && !m.env.SMTPUTF8 {
		return mailArgs{}, refusal(550, smtp.NonASCIIRefused, "non-ASCII addresses need SMTPUTF8")
	}
	return m, nil
}

// mailParam takes one parameter of MAIL.
func mailParam(env *smtp.Envelope, p smtp.Param) *smtp.Reply {
	var err error
	ok := true
	switch p.Keyword {
	case "SIZE": // RFC 1870
		if env.Size, err = smtp.ParseSize(p.Value); err == smtp.ErrSizeRange {
			return tooLarge()
		}
	case "BODY": // RFC 6152
		env.Body = strings.ToUpper(p.Value)
		ok = env.Body == "7BIT" || env.Body == "8BITMIME"
	case "SMTPUTF8": // RFC 6531 3.4: no value
		env.SMTPUTF8, ok = true, !p.HasValue
	case "RET": // RFC 3461 4.3
		env.Ret = strings.ToUpper(p.Value)
		ok = env.Ret == "FULL" || env.Ret == "HDRS"
	case "ENVID": // RFC 3461 4.4
		env.EnvID, err = smtp.DecodeXtext(p.Value)
		ok = smtp.ValidEnvID(env.EnvID)
	case "AUTH": // RFC 4954 section 5
		env.Auth, err = smtp.DecodeXtext(p.Value)
		ok = isAuthSender(env.Auth)
	default:
		return refusal(555, smtp.InvalidArguments, "unknown parameter of MAIL")
	}
	if err != nil || !ok {
		return refusal(501, smtp.InvalidArguments, "bad value of "+p.Keyword)
	}
	return nil
}

// addressRefusal is the reply to a path that is not well formed.
func addressRefusal(err error, sender bool) *smtp.Reply {
	if e, ok := err.(*smtp.AddressError); ok {
		r := e.Reply(sender)
		return &r
	}
	return refusal(501, smtp.CommandSyntax, err.Error())
}
