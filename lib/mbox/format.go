package mbox

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strings"
	"time"
)

// plan is the place in the mailbox that a message is about to take.
type plan struct {
	from, to int64  // size of the mailbox before and after
	head     string // what is written first: the From_ line, at the begin of a line
}

// newPlan finds the message's place in the mailbox.
func newPlan(box *mailbox, m Message) (plan, error) {
	gap, err := gap(box.file, box.size)
	if err != nil {
		return plan{}, err
	}
	p := plan{from: box.size, head: gap + FromLine(m.Sender, m.Date)}
	n, err := p.measure(m)
	p.to = p.from + n
	return p, err
}

// gap is what separates the message from what is there: nothing, unless the
// last program left its line or its blank line unfinished.
func gap(f *os.File, size int64) (string, error) {
	var last [2]byte
	n := min(size, 2)
	if _, err := f.ReadAt(last[2-n:], size-n); err != nil {
		return "", err
	}
	switch {
	case size == 0 || last == [2]byte{'\n', '\n'}:
		return "", nil
	case last[1] == '\n':
		return "\n", nil
	}
	return "\n\n", nil
}

// FromLine is the line that begins a message: the envelope sender, "" for the
// null sender, and the date as asctime(3) writes it. Blanks within the sender
// would shift the date.
func FromLine(from string, date time.Time) string {
	sender := strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return '-'
		}
		return r
	}, from)
	if sender == "" {
		sender = "MAILER-DAEMON"
	}
	return "From " + sender + " " + date.Format("Mon Jan _2 15:04:05 2006") + "\n"
}

// measure is the number of octets that writeTo is going to write. The text
// stays where it is.
func (p plan) measure(m Message) (int64, error) {
	place, err := m.Text.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	var n counter
	if err := p.writeTo(&n, m); err != nil {
		return 0, err
	}
	_, err = m.Text.Seek(place, io.SeekStart)
	return int64(n), err
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// writeTo writes the message as it stands in a mailbox, with the blank line
// behind it.
func (p plan) writeTo(w io.Writer, m Message) error {
	b := bufio.NewWriterSize(w, 64<<10)
	b.WriteString(p.head)
	b.Write(m.Fields)
	if err := quote(b, m.Text); err != nil {
		return err
	}
	b.WriteByte('\n')
	return b.Flush()
}

// quote copies text with a > in front of each line that a reader would take
// for the begin of a message, or for such a line quoted before (mboxrd), and
// ends its last line.
func quote(w *bufio.Writer, text io.Reader) error {
	r := bufio.NewReaderSize(text, 64<<10)
	start := true
	for {
		piece, err := r.ReadSlice('\n')
		if start && isFrom(piece) {
			w.WriteByte('>')
		}
		w.Write(piece)
		if len(piece) > 0 {
			start = piece[len(piece)-1] == '\n'
		}
		switch err {
		case nil, bufio.ErrBufferFull:
		case io.EOF:
			if !start {
				w.WriteByte('\n')
			}
			return nil
		default:
			return err
		}
	}
}

// isFrom says whether line is a From_ line behind any number of >.
func isFrom(line []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From "))
}
