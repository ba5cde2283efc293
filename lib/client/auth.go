package client

import (
	"context"
	"encoding/base64"
	"fmt"

	"postern/lib/smtp"
)

const (
	// maxInitial bounds an AUTH command with an initial response; a longer
	// response waits to be asked for (RFC 4954 section 4).
	maxInitial = 512 - len("\r\n")
	// maxRounds bounds the challenges of one authentication.
	maxRounds = 10
)

// Mechanism is our side of an authentication: an auth.Client of lib/auth.
type Mechanism interface {
	Mechanism() string
	Initial() (response []byte, ok bool)
	Next(challenge []byte) (response []byte, err error)
	Finish() error
}

// Auth authenticates (RFC 4954). A server that says no is a Refused, and the
// session goes on; so it does when the mechanism gave up, with its error. What
// we answer stands as *** in the transcript.
func (s *Session) Auth(ctx context.Context, m Mechanism) error {
	line := "AUTH " + m.Mechanism()
	shown := line
	initial, ready := m.Initial()
	if full := line + " " + encodeInitial(initial); ready && len(full) <= maxInitial {
		line, shown, ready = full, line+" ***", false
	}
	r, err := s.askSecretly(ctx, line, shown)
	for round := 0; err == nil && r.Code == 334; round++ {
		if round == maxRounds {
			return s.fail(fmt.Errorf("%w: authentication has no end", ErrOutOfStep))
		}
		response := initial
		if !ready {
			response, err = challenged(m, r)
		}
		ready = false
		if err != nil {
			return s.cancel(ctx, err)
		}
		r, err = s.askSecretly(ctx, base64.StdEncoding.EncodeToString(response), "***")
	}
	if err != nil {
		return err
	}
	if r.Class() != 2 {
		return &Refused{"AUTH", r}
	}
	return m.Finish()
}

// challenged answers a challenge.
func challenged(m Mechanism, r smtp.Reply) ([]byte, error) {
	challenge, err := base64.StdEncoding.DecodeString(r.Lines[0])
	if err != nil {
		return nil, fmt.Errorf("the server's challenge: %w", err)
	}
	return m.Next(challenge)
}

// cancel gives an authentication up because of err (RFC 4954 section 4).
func (s *Session) cancel(ctx context.Context, why error) error {
	if _, err := s.ask(ctx, "*"); err != nil {
		return err
	}
	return why
}

// encodeInitial writes an initial response; "=" stands for an empty one.
func encodeInitial(response []byte) string {
	if len(response) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(response)
}
