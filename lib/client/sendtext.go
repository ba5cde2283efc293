package client

import (
	"context"
	"fmt"
	"io"
	"time"
)

// minRate is how many octets of a text a server has to take in a second: one
// that is slower would keep us for days, a little at a time.
const minRate = 512

// queueText sends the text of t but for its last piece, which it leaves for flush to
// send together with whatever follows.
func (t *transaction) queueText(ctx context.Context) error {
	s := t.session
	e := newEncoder(t.chunk)
	in := t.text.reader()
	if s.block == nil {
		s.block = make([]byte, blockSize)
	}
	var size int64
	begun := time.Now()
	for last := false; !last; {
		n, err := io.ReadFull(in, s.block)
		last = err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return s.fail(fmt.Errorf("reading the message: %w", err))
		}
		before := len(s.out)
		if s.out, err = e.encode(s.out, s.block[:n]); err == nil && last {
			s.out, err = e.end(s.out)
		}
		if err != nil {
			return s.fail(err)
		}
		size += int64(len(s.out) - before)
		if !last {
			err = s.flush(ctx, sendingText, s.textTime(size, time.Since(begun)))
		}
		if err != nil {
			return err
		}
	}
	return t.textQueued(size)
}

// textTime is how long the server may take for the next block of a text, when size
// octets of it went out in the time since it began: DataBlock, or less when the
// server has been slower than minRate.
func (s *Session) textTime(size int64, since time.Duration) time.Duration {
	allowed := s.options.DataBlock + time.Duration(size/minRate)*time.Second
	return min(s.options.DataBlock, allowed-since)
}

// textQueued tells the transcript of a text of so many octets on the wire.
func (t *transaction) textQueued(size int64) error {
	s := t.session
	if t.chunk && size != t.text.Size {
		return s.fail(fmt.Errorf("the message has %d octets, not %d as before", size, t.text.Size))
	}
	if !t.chunk {
		size -= int64(len(".\r\n"))
	}
	s.transcribe('*', fmt.Sprintf("the message, %d octets", size))
	if !t.chunk {
		s.transcribe('C', endOfText)
	}
	s.steps[len(s.steps)-1].end = len(s.out)
	return nil
}
