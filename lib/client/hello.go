package client

import (
	"context"
	"fmt"
	"strings"

	"postern/lib/smtp"
)

// extension is one line of the answer to EHLO (RFC 5321 4.1.1.1).
type extension struct {
	keyword string // in capitals
	params  string
}

// Greet reads the banner, which has to be a 220, and with Provoke what is said
// to NOOP; any other reply is a Refused.
func (s *Session) Greet(ctx context.Context) (smtp.Reply, error) {
	defer s.attend(ctx)()
	if s.options.Provoke {
		s.queue("NOOP", step{})
		s.steps = nil
		if err := s.flush(ctx, sendingCommand, s.options.Command); err != nil {
			return smtp.Reply{}, err
		}
	}
	r, err := s.answer(ctx, "", s.options.Command)
	if err == nil && r.Code != 220 {
		err = s.fail(&Refused{"", r})
	}
	if err == nil && s.options.Provoke {
		err = s.provoked(ctx)
	}
	return r, err
}

// provoked takes the answer to the NOOP in front of the banner.
func (s *Session) provoked(ctx context.Context) error {
	r, err := s.answer(ctx, "NOOP", s.options.Command)
	if err == nil && r.Class() != 2 {
		err = s.fail(&Refused{"NOOP", r})
	}
	return err
}

// Hello introduces us by EHLO, or HELO to a server that knows no better
// (RFC 5321 3.2), or LHLO in LMTP, and learns what the server offers. A server
// that wants none of them is a Refused, and the session goes on only to Quit.
func (s *Session) Hello(ctx context.Context) (smtp.Reply, error) {
	s.extensions = nil
	if err := smtp.ValidHelo(s.options.Name); err != nil {
		return smtp.Reply{}, s.fail(fmt.Errorf("our own name: %w", err))
	}
	verb := "EHLO"
	if s.options.LMTP {
		verb = "LHLO"
	}
	r, err := s.introduce(ctx, verb)
	if err == nil && r.Class() == 2 {
		s.extensions = parseExtensions(r)
		return r, nil
	}
	if err == nil && r.Class() == 5 && !s.options.LMTP {
		verb = "HELO"
		r, err = s.introduce(ctx, verb)
	}
	if err == nil && r.Class() != 2 {
		err = &Refused{verb, r}
	}
	return r, err
}

// introduce says one verb with our name.
func (s *Session) introduce(ctx context.Context, verb string) (smtp.Reply, error) {
	return s.ask(ctx, verb+" "+s.options.Name)
}

// parseExtensions reads the lines behind the first of an answer to EHLO.
func parseExtensions(r smtp.Reply) []extension {
	var list []extension
	for _, line := range r.Lines[1:] {
		keyword, params, _ := strings.Cut(line, " ")
		list = append(list, extension{strings.ToUpper(keyword), params})
	}
	return list
}

// Offers tells whether the server offered an extension in its last answer to
// EHLO, and the words behind the keyword. Keyword is in capitals.
func (s *Session) Offers(keyword string) (params string, ok bool) {
	for _, e := range s.extensions {
		if e.keyword == keyword {
			return e.params, true
		}
	}
	return "", false
}

// has is Offers without the words.
func (s *Session) has(keyword string) bool {
	_, ok := s.Offers(keyword)
	return ok
}
