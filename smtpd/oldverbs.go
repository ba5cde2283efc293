package main

import (
	"context"

	"postern/lib/place"
	"postern/lib/smtp"
)

// tick is TICK, which batches have before each message: 250 says its argument
// again, and what follows has come with BSMTP.
func (s *session) tick(_ context.Context, arg string) smtp.Reply {
	s.ticked = s.batch
	return smtp.Say(250, smtp.NoDetail, arg)
}

// verbose is VERB of sendmail: 250, and nothing more is said than before.
func (s *session) verbose(context.Context, string) smtp.Reply {
	return smtp.Say(250, smtp.NoDetail, "postern "+place.Version())
}

// zIdent is Z-IDENT: 200 says what the client's identd said of it.
func (s *session) zIdent(context.Context, string) smtp.Reply {
	return smtp.Say(200, smtp.NoDetail, s.ident.wait(&s.rec))
}

// debugCmd is DEBUG: 250, and from here on the dialogue goes to the log. The
// client sees nothing of it.
func (s *session) debugCmd(context.Context, string) smtp.Reply {
	if !s.debug && !s.conf.trace {
		s.debug = true
		s.trace = s.trace.also(s.traceToLog(s.id))
	}
	return smtp.Say(250, smtp.NoDetail, "ok")
}

// noBdat is BDAT where it is not offered: it is refused, its octets read and
// thrown away all the same, so that none of them is taken for a command.
func (s *session) noBdat(_ context.Context, a bdatArgs) smtp.Reply {
	s.unknown++
	return s.skipChunk(a, smtp.Say(502, smtp.InvalidCommand, "BDAT is not offered"))
}

// post answers a browser or a proxy that somebody has made speak HTTP to us: 421.
// The session ends at once, since the lines of a posted form may be commands that
// an attacker has chosen.
func (s *session) post(context.Context, string) smtp.Reply {
	s.rec.Set("post", "1")
	s.rec.Set("reason", "HTTP POST")
	return smtp.Say(421, smtp.InvalidCommand, "this is not HTTP")
}

// notImplemented is for verbs that the RFC knows and that nobody needs: 502.
func (s *session) notImplemented(context.Context, string) smtp.Reply {
	return smtp.Say(502, smtp.InvalidCommand, "not implemented")
}
