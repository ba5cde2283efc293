package main

import (
	"context"
	"strings"

	"postern/lib/check"
	"postern/lib/smtp"
)

// bdatArgs is a parsed BDAT.
type bdatArgs struct {
	size int64
	last bool
}

// parseBdat parses the size of a chunk and LAST (RFC 3030 section 2). Without the
// size nobody knows where the chunk ends, so that the session has to end (421).
func parseBdat(arg string) (bdatArgs, *smtp.Reply) {
	size, word, more := strings.Cut(arg, " ")
	n, err := smtp.ParseSize(size)
	if err != nil || more && !strings.EqualFold(strings.TrimSpace(word), "LAST") {
		return bdatArgs{}, refusal(421, smtp.InvalidArguments, "not a chunk size; the session is out of step")
	}
	return bdatArgs{n, more}, nil
}

// bdat is BDAT (RFC 3030): replies 250 for each chunk, 421, 451, 452, 503, 552,
// 554. The octets of a chunk that is refused are read and thrown away, so that
// none of them is taken for a command.
func (s *session) bdat(ctx context.Context, a bdatArgs) smtp.Reply {
	if a == (bdatArgs{}) && s.idled() {
		return s.tooIdle() // a chunk of nothing, of which there could be any number
	}
	if s.state&(rcpting|chunked) == 0 {
		return s.skipChunk(a, s.outOfOrder(&verb{name: "BDAT"}))
	}
	s.state = chunked
	if !s.tx.fault.IsZero() {
		return s.skipChunk(a, s.tx.fault)
	}
	if v := s.openChunks(ctx); v.Refused() {
		return s.failChunks(a, v)
	}
	return s.takeChunk(ctx, a)
}

// takeChunk reads a chunk into the message and, if it is the last, takes the
// message.
func (s *session) takeChunk(ctx context.Context, a bdatArgs) smtp.Reply {
	if int64(s.in.Buffered()) < a.size && !s.flush() {
		return smtp.Reply{}
	}
	s.pace.chunk()
	if err := s.in.Chunk(s.tx.draft, a.size, &s.tx.chunks, s.textOptions()); err != nil {
		s.lost(err)
		return smtp.Reply{}
	}
	if !a.last {
		if v := s.judgeChunk(); v.Refused() {
			return s.failChunks(bdatArgs{}, v) // its octets have been read
		}
		return smtp.Say(250, smtp.NoDetail, "chunk taken")
	}
	s.tx.chunks.Finish(s.tx.draft, s.textOptions())
	return s.finish(s.takeText(ctx, s.tx.chunks.TextResult))
}

// openChunks begins the message with its first chunk.
func (s *session) openChunks(ctx context.Context) check.Verdict {
	if s.tx.draft != nil {
		return check.Verdict{}
	}
	return s.openText(ctx)
}

// judgeChunk refuses a message as soon as something is known to be wrong with it,
// and not only behind its last chunk.
func (s *session) judgeChunk() check.Verdict {
	if err := s.tx.chunks.WriteErr; err != nil {
		return s.failed(err)
	}
	return judgeText(s.tx.chunks.TextResult)
}

// failChunks refuses this chunk and all that follow it in this message.
func (s *session) failChunks(a bdatArgs, v check.Verdict) smtp.Reply {
	r := s.refuse(v)
	s.tx.discard()
	s.tx.fault = r
	return s.skipChunk(a, r)
}

// skipChunk throws a chunk away and answers it with r.
func (s *session) skipChunk(a bdatArgs, r smtp.Reply) smtp.Reply {
	s.pace.chunk()
	if err := s.in.Discard(a.size); err != nil {
		s.lost(err)
		return smtp.Reply{}
	}
	switch {
	case a.last && s.tx != nil:
		s.reset("")
	case s.state != chunked:
		s.pace.over()
	}
	return r
}
