package main

import (
	"errors"
	"io"
	"os"
	"time"
)

// hold makes a stranger wait for the answer to its first HELO (-D), for which
// programs that send in bulk have no time. It is false when the client hung up.
func (s *session) hold() bool {
	d := s.heloDelay()
	if d == 0 {
		return true
	}
	s.held = true
	return s.flush() && s.sleep(s, d)
}

// heloDelay is how long the client has to wait.
func (s *session) heloDelay() time.Duration {
	g := &s.conf.guard
	switch {
	case g.heloDelay == 0, s.held, s.batch, s.facts.Trusted, !s.peer.known():
		return 0
	case contains(s.slow, s.facts.Client):
		return max(g.heloDelay, g.longDelay)
	}
	return g.heloDelay
}

// sleepUntilGone sleeps for d and reads ahead meanwhile, so that it notices
// when the client hangs up.
func sleepUntilGone(s *session, d time.Duration) bool {
	s.pace.until = s.now().Add(d)
	defer func() { s.pace.until = time.Time{} }()
	for {
		switch err := s.in.Ahead(); {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			return true
		case errors.Is(err, io.ErrShortBuffer), // so much that the end does not show
			err == io.EOF && s.in.HasLine(): // it has said all, and may listen on
			time.Sleep(s.pace.until.Sub(s.now()))
			return true
		default:
			s.broken(err)
			return false
		}
	}
}
