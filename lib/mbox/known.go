package mbox

import (
	"bufio"
	"bytes"
	"io"
	"os"
)

// maxLook is how far from the end of a mailbox, besides the size of the
// message, one is looked for, in octets: more than comes between the death of
// a process and the next attempt.
const maxLook = 64 << 20

// has says whether the mailbox holds the message already, whole. mark is a
// part of it that no other message has, within one line of its header.
func (b *mailbox) has(m Message, mark []byte, p plan) (bool, error) {
	offset := max(0, b.size-maxLook-(p.to-p.from))
	r := bufio.NewReaderSize(io.NewSectionReader(b.file, offset, b.size-offset), 64<<10)
	text := int64(-1) // where the text of the message at hand begins, if it may be ours
	for {
		line, err := r.ReadSlice('\n')
		offset += int64(len(line))
		switch {
		case bytes.HasPrefix(line, []byte("From ")):
			text = offset
		case text >= 0 && bytes.Contains(line, mark):
			same, err := b.sameText(m, text)
			if same || err != nil {
				return same, err
			}
			text = -1
		}
		switch err {
		case nil, bufio.ErrBufferFull:
		case io.EOF:
			return false, nil
		default:
			return false, err
		}
	}
}

// sameText says whether m stands in the mailbox at offset, behind its From_
// line.
func (b *mailbox) sameText(m Message, offset int64) (bool, error) {
	place, err := m.Text.Seek(0, io.SeekCurrent)
	if err != nil {
		return false, err
	}
	c := comparer{file: b.file, offset: offset, same: true}
	if err := (plan{}).writeTo(&c, m); err != nil {
		return false, err
	}
	_, err = m.Text.Seek(place, io.SeekStart)
	return c.same, err
}

// comparer compares what is written to it with a file.
type comparer struct {
	file   *os.File
	offset int64
	same   bool
}

func (c *comparer) Write(p []byte) (int, error) {
	if !c.same {
		return len(p), nil
	}
	there := make([]byte, len(p))
	_, err := c.file.ReadAt(there, c.offset)
	c.offset += int64(len(p))
	c.same = bytes.Equal(there, p)
	if err == io.EOF {
		err = nil // it ends within, and so differs
	}
	return len(p), err
}
