package main

import (
	"context"
	"errors"
	"time"

	"postern/lib/auth"
	"postern/lib/maillog"
	"postern/lib/smtp"
	store "postern/lib/state"
)

// maxAuthDelay is the longest that the answer to a guess takes.
const maxAuthDelay = 15 * time.Second

// authFailed ends an authentication badly, and says so in the log.
func (s *session) authFailed(ctx context.Context, mechanism, user string, err error) smtp.Reply {
	switch {
	case errors.Is(err, auth.ErrCredentials):
		s.logAuth("reject", mechanism, user, err.Error())
		return s.guessed(ctx)
	case errors.Is(err, auth.ErrSyntax):
		return smtp.Say(501, smtp.CommandSyntax, "that is no response of this mechanism")
	case errors.Is(err, auth.ErrMechanism):
		return smtp.Say(504, smtp.InvalidArguments, "no such mechanism here")
	}
	s.logAuth("defer", mechanism, user, err.Error())
	return smtp.Say(454, smtp.OtherSecurity, "authentication is not to be had now")
}

// logAuth writes the line of an attempt that failed. Its form is a promise to
// programs that read logs: what comes before sasl_method is ours alone.
func (s *session) logAuth(verdict, mechanism, user, reason string) {
	client := "unknown"
	if a := s.peer.client.Addr(); a.IsValid() {
		client = a.String()
	}
	s.logf(maillog.Info, "id", s.id, "verdict", verdict, "check", "auth", "client_address", client,
		"sasl_method", mechanism, "sasl_username", user, "reason", reason)
}

// guessed answers wrong credentials: late, the later the more there were, and
// as the session's last word when there were enough.
func (s *session) guessed(ctx context.Context) smtp.Reply {
	s.login.failures++
	s.countGuess(ctx)
	if s.flush() {
		s.sleep(s, guessDelay(s.conf.auth.delay, s.login.failures))
	}
	r := smtp.Say(535, smtp.BadCredentials, "the name or the password is wrong")
	if s.login.failures < s.conf.auth.failures {
		return r
	}
	s.rec.Set("reason", "too many failed attempts to log in")
	s.say(r)
	return smtp.Say(421, smtp.OtherSecurity, "too many failed attempts")
}

// guessDelay doubles with each failure.
func guessDelay(base time.Duration, failures int) time.Duration {
	d := base
	for range failures - 1 {
		if d >= maxAuthDelay {
			break
		}
		d *= 2
	}
	return min(d, maxAuthDelay)
}

// guesses is the rate of wrong credentials from the client's address; ok is
// false for a client that is not counted.
func (s *session) guesses() (r store.Rate, ok bool) {
	a := s.peer.client.Addr()
	limit := s.conf.auth.failRate
	if limit.perHour == 0 || !a.IsValid() || s.facts.Trusted {
		return store.Rate{}, false
	}
	return s.store.Rate("auth:"+store.AddrKey(a), limit.perHour, limit.max), true
}

// countGuess counts wrong credentials for the address.
func (s *session) countGuess(ctx context.Context) {
	if r, ok := s.guesses(); ok {
		if _, _, err := r.Take(ctx, 1, s.now()); err != nil {
			s.brokenCheck("auth", err)
		}
	}
}

// guessedTooOften refuses an address from which too much was guessed, without
// a look at what it has to say. Where the count cannot be known nobody gets
// further either: guesses without a bound are worse than a wait.
func (s *session) guessedTooOften(ctx context.Context, mechanism string) *smtp.Reply {
	r, counted := s.guesses()
	if !counted {
		return nil
	}
	ok, _, err := r.Peek(ctx, 1, s.now())
	switch {
	case err != nil:
		s.brokenCheck("auth", err)
	case ok:
		return nil
	default:
		s.logAuth("defer", mechanism, "", "too many failed attempts from this address")
	}
	return refusal(454, smtp.OtherSecurity, "too many failed attempts, try again later")
}
