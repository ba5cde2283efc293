package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"postern/lib/smtp"
)

const (
	// blockSize is how much of a text is read at a time, in octets.
	blockSize = 32 << 10
	// lastWordTime is how long a server that hung up amid the text may take
	// to say why.
	lastWordTime = 5 * time.Second
)

// errBareCR is a CR in a text that no LF follows. Servers differ about what it
// means, so it could end the text early at some (RFC 5321 section 2.3.8).
var errBareCR = errors.New("a bare CR in the message")

// sendText sends a text and its end. The end goes with the last block, so
// that no server has to be waited for twice.
func (s *Session) sendText(ctx context.Context, text io.Reader) error {
	var (
		e    = encoder{lineStart: true}
		in   = make([]byte, blockSize)
		out  []byte
		size int64
	)
	if err := s.heardAll(); err != nil {
		return err
	}
	for last := false; !last; {
		n, err := io.ReadFull(text, in)
		last = err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return s.fail(fmt.Errorf("reading the message: %w", err))
		}
		if out, err = e.encode(out[:0], in[:n]); err == nil && last {
			out, err = e.end(out)
		}
		if err != nil {
			return s.fail(err)
		}
		if err := s.sendBlock(ctx, out); err != nil {
			return err
		}
		size += int64(len(out))
	}
	s.transcribe('*', fmt.Sprintf("the message, %d octets", size-int64(len(".\r\n"))))
	s.transcribe('C', endOfText)
	return nil
}

// sendBlock sends a piece of a text.
func (s *Session) sendBlock(ctx context.Context, block []byte) error {
	if err := s.allow(ctx, s.options.DataBlock); err != nil {
		return err
	}
	_, err := s.conn.Write(block)
	if err == nil {
		return nil
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		if r, ok := s.lastWord(ctx); ok {
			return s.fail(&Refused{endOfText, r})
		}
	}
	return s.broken(ctx, "sending the message", err)
}

// lastWord is the refusal that a server left behind when it hung up.
func (s *Session) lastWord(ctx context.Context) (smtp.Reply, bool) {
	if ctx.Err() != nil || s.conn.SetDeadline(time.Now().Add(lastWordTime)) != nil {
		return smtp.Reply{}, false
	}
	r, err := s.replies.Read()
	if err != nil || r.Class() < 4 {
		return smtp.Reply{}, false
	}
	s.transcribeReply(r)
	return r, true
}

// encoder turns LF line ends into CRLF and stuffs dots (RFC 5321 4.5.2). A
// CRLF stays one.
type encoder struct {
	lineStart bool
	cr        bool // a CR was held back at the end of a piece
}

// encode appends p, the next piece of a text, to out.
func (e *encoder) encode(out, p []byte) ([]byte, error) {
	for len(p) > 0 {
		if e.cr && p[0] != '\n' {
			return out, errBareCR
		}
		e.cr = false
		line, rest, ended := bytes.Cut(p, []byte{'\n'})
		line, err := e.dropCR(line, ended)
		if err != nil {
			return out, err
		}
		if e.lineStart && len(line) > 0 && line[0] == '.' {
			out = append(out, '.')
		}
		out = append(out, line...)
		if ended {
			out = append(out, '\r', '\n')
		}
		e.lineStart = ended || e.lineStart && len(line) == 0
		p = rest
	}
	return out, nil
}

// dropCR takes off the CR of a CRLF; at the end of a piece it is held back
// until the next one shows whether it is one.
func (e *encoder) dropCR(line []byte, ended bool) ([]byte, error) {
	switch bytes.IndexByte(line, '\r') {
	case -1:
		return line, nil
	case len(line) - 1:
		e.cr = !ended
		return line[:len(line)-1], nil
	}
	return line, errBareCR
}

// end appends the end of the text, and of its last line where it has none.
func (e *encoder) end(out []byte) ([]byte, error) {
	if e.cr {
		return out, errBareCR
	}
	if !e.lineStart {
		out = append(out, '\r', '\n')
	}
	return append(out, '.', '\r', '\n'), nil
}
