package main

import (
	"bytes"
	"context"

	"postern/lib/smtp"
)

// A verb is one row of the protocol: when it is allowed and what it does.
// parse and do are joined by on; parse is pure.
type verb struct {
	name string
	when state
	do   func(*session, context.Context, string) smtp.Reply
}

// verbs is the language that is spoken here (RFC 5321 4.1.1).
var verbs = [...]verb{
	{"EHLO", fresh | greeted | mailing | rcpting, on(parseHelo, (*session).ehlo)},
	{"HELO", fresh | greeted | mailing | rcpting, on(parseHelo, (*session).helo)},
	{"MAIL", greeted, (*session).mailCmd},
	{"RCPT", mailing | rcpting, (*session).rcptCmd},
	{"DATA", rcpting, on(parseNothing, (*session).data)},
	{"BDAT", always, on(parseBdat, (*session).bdat)},
	{"RSET", always, on(parseNothing, (*session).rset)},
	{"NOOP", always, on(parseAnything, (*session).noop)},
	{"QUIT", always, on(parseAnything, (*session).quit)},
	{"AUTH", greeted, on(parseAuth, (*session).authCmd)},
	{"STARTTLS", greeted, on(parseNothing, (*session).starttls)},
	{"VRFY", always, on(parseAnything, (*session).vrfyCmd)},
	{"EXPN", always, on(parseAnything, (*session).expnCmd)},
	{"HELP", always, on(parseAnything, (*session).helpCmd)},
	{"POST", always, on(parseAnything, (*session).post)},
	{"TURN", always, on(parseAnything, (*session).notImplemented)},
	{"ETRN", greeted, on(parseETRN, (*session).etrn)},
	// SEND, SOML and SAML (RFC 821 3.4) mean MAIL here: a message goes to the
	// mailbox, and never to the user's terminal.
	{"SEND", greeted, (*session).mailCmd},
	{"SOML", greeted, (*session).mailCmd},
	{"SAML", greeted, (*session).mailCmd},
	{"EVFY", always, on(parseAnything, (*session).vrfyCmd)},
	{"ONEX", always, on(parseAnything, (*session).noop)},
	{"VERB", always, on(parseAnything, (*session).verbose)},
	{"TICK", always, on(parseAnything, (*session).tick)},
	{"Z-IDENT", always, on(parseAnything, (*session).zIdent)},
}

// language is the table of verbs as the configuration has it: without those that
// it turns off, and with DEBUG where that is on. A BDAT that is off stays in the
// table, since its octets have to be skipped.
func (c *config) language() []verb {
	w := &c.wire
	if !w.noEHLO && !w.noETRN && !w.noChunking && !w.debugVerb {
		return verbs[:]
	}
	var list []verb
	for _, v := range verbs {
		switch {
		case v.name == "EHLO" && w.noEHLO, v.name == "ETRN" && w.noETRN:
			continue
		case v.name == "BDAT" && w.noChunking:
			v.do = on(parseBdat, (*session).noBdat)
		}
		list = append(list, v)
	}
	if w.debugVerb {
		list = append(list, verb{"DEBUG", always, on(parseAnything, (*session).debugCmd)},
			verb{"Z-DEBUG", always, on(parseAnything, (*session).debugCmd)})
	}
	return list
}

// on joins a verb's parser with what it does. A parser's second result is
// the refusal of an argument that is not well formed, or nil.
func on[T any](parse func(string) (T, *smtp.Reply), do func(*session, context.Context, T) smtp.Reply) func(*session, context.Context, string) smtp.Reply {
	return func(s *session, ctx context.Context, arg string) smtp.Reply {
		t, refusal := parse(arg)
		if refusal != nil {
			return *refusal
		}
		return do(s, ctx, t)
	}
}

// command carries out one line.
func (s *session) command(ctx context.Context, line []byte) smtp.Reply {
	name, arg := splitCommand(line)
	v := s.findVerb(name)
	switch {
	case v == nil:
		s.unknown++
		return smtp.Say(500, smtp.InvalidCommand, "unknown command")
	case s.hard && v.name != "QUIT" && v.name != "BDAT": // BDAT has octets to skip
		return smtp.Say(554, smtp.NotAuthorized, "nothing more is taken from you")
	case s.tlsMissing(v):
		return s.wantTLS()
	case s.loginFirst(v):
		return smtp.Say(530, smtp.OtherSecurity, "log in first")
	case v.when&s.state == 0:
		return s.outOfOrder(v)
	case s.idles(v):
		return s.tooIdle()
	}
	if r := s.mannered(name, line, arg); r != nil {
		return *r
	}
	return v.do(s, ctx, string(arg))
}

// idles counts a command that brings no message nearer, and says whether there were
// too many of them in a row.
func (s *session) idles(v *verb) bool {
	switch v.name {
	case "MAIL", "SEND", "SOML", "SAML", "RCPT", "DATA", "BDAT", "STARTTLS", "AUTH", "QUIT":
		return false
	}
	return s.idled()
}

// idled is idles for what is known to bring none nearer. A batch may have any number.
func (s *session) idled() bool {
	s.idle++
	return s.idle > maxIdle && !s.batch
}

// tooIdle ends such a session.
func (s *session) tooIdle() smtp.Reply {
	s.rec.Set("reason", "too many commands without a message")
	return smtp.Say(421, smtp.OtherSecurity, "too many commands without a message")
}

// splitCommand parts a line into the verb and its argument, which is what stands
// behind the first blank. Blanks at the end are tolerated (RFC 5321 4.1.1).
func splitCommand(line []byte) (name, arg []byte) {
	line = bytes.TrimRight(line, " \t")
	if i := bytes.IndexByte(line, ' '); i >= 0 {
		return line[:i], bytes.TrimLeft(line[i:], " ")
	}
	return line, nil
}

// findVerb is the verb of that name, in upper or lower case, or nil.
func (s *session) findVerb(name []byte) *verb {
	for i := range s.verbs {
		if bytes.EqualFold(name, []byte(s.verbs[i].name)) {
			return &s.verbs[i]
		}
	}
	return nil
}

// outOfOrder says what has to come first (RFC 5321 4.1.4).
func (s *session) outOfOrder(v *verb) smtp.Reply {
	switch {
	case s.state == fresh:
		return smtp.Say(503, smtp.InvalidCommand, "say EHLO first")
	case s.state == chunked:
		return smtp.Say(503, smtp.InvalidCommand, "BDAT has begun, only BDAT or RSET goes on")
	case v.name == "MAIL":
		return smtp.Say(503, smtp.InvalidCommand, "a sender has been named already")
	case v.name == "STARTTLS", v.name == "AUTH", v.name == "ETRN":
		return smtp.Say(503, smtp.InvalidCommand, "not within a mail transaction")
	case s.state == greeted:
		return smtp.Say(503, smtp.InvalidCommand, "say MAIL first")
	}
	return smtp.Say(503, smtp.InvalidCommand, "no recipient has been accepted")
}

func parseAnything(arg string) (string, *smtp.Reply) { return arg, nil }

func parseNothing(arg string) (struct{}, *smtp.Reply) {
	if arg != "" {
		return struct{}{}, refusal(501, smtp.InvalidArguments, "this command takes no argument")
	}
	return struct{}{}, nil
}

// refusal is a Reply for a parser to point at.
func refusal(code int, d smtp.Detail, text string) *smtp.Reply {
	r := smtp.Say(code, d, text)
	return &r
}
