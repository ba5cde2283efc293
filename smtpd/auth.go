package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"postern/lib/auth"
	"postern/lib/smtp"
)

// maxAuthSteps bounds how often a back-end may ask.
const maxAuthSteps = 20

// A login is what AUTH did in a session.
type login struct {
	user     string // "" before it has succeeded
	granted  bool   // the login is why the client is trusted
	failures int
	tried    bool // AUTH was said: lines that are no command may be secrets (see traceCommand)
}

// authArgs is a parsed AUTH.
type authArgs struct {
	mechanism string
	initial   []byte // the initial response; nil when there is none
}

// parseAuth parses mechanism [initial-response] (RFC 4954 section 4). An
// initial response of no octets is written "=".
func parseAuth(arg string) (authArgs, *smtp.Reply) {
	mechanism, initial, given := strings.Cut(arg, " ")
	a := authArgs{mechanism: strings.ToUpper(mechanism)}
	switch {
	case mechanism == "" || strings.Contains(initial, " "):
		return a, refusal(501, smtp.InvalidArguments, "say a mechanism, and an initial response if there is one")
	case !given:
		return a, nil
	case initial == "=":
		a.initial = []byte{}
		return a, nil
	}
	var r *smtp.Reply
	a.initial, r = decodeResponse([]byte(initial))
	return a, r
}

// decodeResponse decodes a response in base64. An empty response is not nil, which
// stands for none.
func decodeResponse(line []byte) ([]byte, *smtp.Reply) {
	response := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	n, err := base64.StdEncoding.Strict().Decode(response, line)
	if err != nil {
		return nil, refusal(501, smtp.CommandSyntax, "that is not base64")
	}
	return response[:n], nil
}

// authCmd is AUTH (RFC 4954): replies 235, 421, 454, 500, 501, 502, 503, 504,
// 535, 538.
func (s *session) authCmd(ctx context.Context, a authArgs) smtp.Reply {
	s.login.tried = true
	if r := s.mayAuth(ctx, a.mechanism); r != nil {
		return *r
	}
	x, err := s.backend.Begin(ctx, a.mechanism, s.saslPeer(ctx))
	if err != nil {
		return s.authFailed(ctx, a.mechanism, "", err)
	}
	defer x.Close()
	return s.authDialogue(ctx, x, a)
}

// mayAuth is the refusal of a mechanism that cannot be used now, or nil.
func (s *session) mayAuth(ctx context.Context, mechanism string) *smtp.Reply {
	switch {
	case s.backend == nil:
		return refusal(502, smtp.InvalidCommand, "not implemented")
	case !s.esmtp:
		return refusal(503, smtp.InvalidCommand, "say EHLO first")
	case s.login.user != "":
		return refusal(503, smtp.InvalidCommand, "you have logged in already")
	}
	list, err := s.mechanisms(ctx)
	switch {
	case err != nil:
		r := s.authFailed(ctx, mechanism, "", err)
		return &r
	case !slices.Contains(list, mechanism):
		return refusal(504, smtp.InvalidArguments, "no such mechanism here")
	case !s.mayUse(mechanism):
		return refusal(538, smtp.EncryptionRequired, "say STARTTLS first")
	}
	return s.guessedTooOften(ctx, mechanism)
}

// authDialogue passes challenges and responses between the client and the
// mechanism until there is an answer.
func (s *session) authDialogue(ctx context.Context, x auth.Exchange, a authArgs) smtp.Reply {
	response := a.initial
	for range maxAuthSteps {
		challenge, done, err := x.Next(ctx, response)
		switch {
		case err != nil:
			return s.authFailed(ctx, a.mechanism, x.User(), err)
		case done:
			return s.loggedIn(a.mechanism, x.User())
		}
		var r *smtp.Reply
		if response, r = s.ask(challenge); r != nil {
			return *r
		}
	}
	return s.authFailed(ctx, a.mechanism, x.User(), auth.ErrUnavailable)
}

// ask says a challenge and reads the response. When there is no response, the reply
// is that to AUTH; it is the zero reply when the session is over.
func (s *session) ask(challenge []byte) ([]byte, *smtp.Reply) {
	start := len(s.out)
	s.out = append(s.out, "334 "...)
	s.out = base64.StdEncoding.AppendEncode(s.out, challenge)
	s.out = append(s.out, "\r\n"...)
	s.traceLine('>', s.out[start:])
	if !s.flush() {
		return nil, &smtp.Reply{}
	}
	s.pace.command()
	line, err := s.in.Line(smtp.MaxAuthLine)
	switch {
	case errors.Is(err, smtp.ErrLineTooLong): // RFC 4954 section 4
		return nil, refusal(500, smtp.AuthLineTooLong, "line too long")
	case err != nil:
		s.broken(err)
		return nil, &smtp.Reply{}
	}
	s.traceLine('<', []byte(hidden))
	if string(line) == "*" {
		return nil, refusal(501, smtp.OtherSecurity, "cancelled")
	}
	return decodeResponse(line)
}

// loggedIn ends an authentication well.
func (s *session) loggedIn(mechanism, user string) smtp.Reply {
	s.login.user = user
	s.rec.Set("sasl_method", mechanism)
	s.rec.Set("sasl_username", user)
	if s.conf.auth.sasl == 2 && !s.facts.Trusted {
		s.facts.Trusted, s.login.granted = true, true
	}
	return smtp.Say(235, smtp.OtherSecurity, "welcome")
}

// logOut forgets who the client is, but not how often it failed to log in.
func (s *session) logOut() {
	if s.login.granted {
		s.facts.Trusted = false
	}
	s.rec.Delete("sasl_method")
	s.rec.Delete("sasl_username")
	s.login = login{failures: s.login.failures}
}

// loginFirst says whether a command is refused until the client has logged in (530,
// RFC 4954 section 6): with -a that is MAIL, and with MSA-mode every command of a
// stranger but those that lead to AUTH. BDAT does not come first either: it has to
// read its octets before it refuses.
func (s *session) loginFirst(v *verb) bool {
	if s.login.user != "" {
		return false
	}
	if s.conf.flags.authNeeded && v.name == "MAIL" {
		return true
	}
	if !s.conf.auth.msa || s.facts.Trusted {
		return false
	}
	switch v.name {
	case "STARTTLS", "AUTH", "HELO", "EHLO", "NOOP", "RSET", "QUIT", "HELP", "BDAT", "POST":
		return false
	}
	return true
}

// isAuth reports whether a command line is an AUTH, however it is written.
func isAuth(line []byte) bool {
	name, _ := splitCommand(bytes.TrimLeft(line, " \t"))
	return bytes.EqualFold(name, []byte("AUTH"))
}
