package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"postern/lib/client"
	"postern/lib/header"
	"postern/lib/smtp"
)

// maxHead is how much of a message is looked at as its header, in octets.
const maxHead = 256 << 10

// message is the message on standard input.
type message struct {
	front []byte // fields that are put in front
	head  []byte // what has been read of it
	body  io.Reader
}

// inputError is an error of reading standard input.
type inputError struct{ error }

func (e inputError) Unwrap() error { return e.error }

// openMessage prepares the message on standard input. A message from smtpd is
// complete. A user's gets the fields that it lacks and, with -t, its recipients
// are added to those of env.
func (p *program) openMessage(env *smtp.Envelope, fromSMTP bool) (*message, error) {
	if fromSMTP {
		return &message{body: p.stdin}, nil
	}
	r := bufio.NewReaderSize(newLines(p.stdin, p.endsWithDot()), maxHead)
	head, err := readHead(r)
	if err != nil {
		return nil, inputError{err}
	}
	m := &message{head: head, body: r}
	if p.scan {
		if err := p.scanHead(m, env); err != nil {
			return nil, err
		}
	}
	m.front = p.missing(env, m.head)
	return m, nil
}

// endsWithDot says whether a line with a dot alone ends the message: when a person
// types it at a terminal, unless -i is given. In a file or a pipe it is text.
func (p *program) endsWithDot() bool {
	f, ok := p.stdin.(*os.File)
	if !ok || p.dots {
		return false
	}
	fi, err := f.Stat()
	return err == nil && fi.Mode()&os.ModeCharDevice != 0
}

// copyTo writes the message. Trouble with the input is an inputError.
func (m *message) copyTo(w io.Writer) error {
	for _, part := range [...][]byte{m.front, m.head} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := m.body.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return inputError{err}
		}
	}
}

// reader is the whole message.
func (m *message) reader() io.Reader {
	return io.MultiReader(bytes.NewReader(m.front), bytes.NewReader(m.head), m.body)
}

// readHead takes the header off r, with the empty line that ends it. A line
// that is no field ends it as well, and stays in r: an empty line is put in
// front of it.
func readHead(r *bufio.Reader) ([]byte, error) {
	var head []byte
	for len(head) < maxHead {
		line, err := peekLine(r)
		if err != nil {
			return nil, err
		}
		if len(line) == 0 || !isHeadLine(line, len(head) == 0) {
			return append(head, '\n'), nil
		}
		head = append(head, line...)
		r.Discard(len(line))
		if len(line) == 1 {
			return head, nil
		}
	}
	return head, nil
}

// peekLine is the next line, or as much of it as fits in the buffer; nothing
// at the end of input.
func peekLine(r *bufio.Reader) ([]byte, error) {
	for n := max(1, r.Buffered()); ; n = min(2*n, r.Size()) {
		b, err := r.Peek(n)
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return b[:i+1], nil
		}
		if err == io.EOF || err == nil && n == r.Size() {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// isHeadLine says whether a line can stand in a header: a field, the rest of
// one, or the empty line at its end.
func isHeadLine(line []byte, first bool) bool {
	switch {
	case line[0] == '\n':
		return true
	case line[0] == ' ' || line[0] == '\t':
		return !first
	}
	name, _, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	return ok && len(name) > 0 && !bytes.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// missing is our Received field, and those fields that RFC 5322 3.6 demands and
// head does not have.
func (p *program) missing(env *smtp.Envelope, head []byte) []byte {
	now := time.Now()
	host := p.mail.Hostname()
	b := fmt.Appendf(nil, "Received: by %s (postern, from uid %d)\n\tid %s; %s\n", host, os.Getuid(), env.ID, header.Date(now))
	if !hasField(head, "Date") {
		b = fmt.Appendf(b, "Date: %s\n", header.Date(now))
	}
	if !hasField(head, "Message-ID") {
		b = fmt.Appendf(b, "Message-ID: <%s@%s>\n", env.ID, host)
	}
	if !hasField(head, "From") {
		b = fmt.Appendf(b, "From: %s\n", p.author(env.Sender))
	}
	return b
}

// author is what stands in a From field for the sender.
func (p *program) author(sender smtp.Mailbox) string {
	if sender.IsZero() {
		sender = smtp.Mailbox{Local: "MAILER-DAEMON", Domain: p.mail.Hostname()}
	}
	address := client.ALabels(sender).String()
	if name := header.Phrase(p.fullName); name != "" {
		return name + " <" + address + ">"
	}
	return address
}

// hasField says whether a header has the field.
func hasField(head []byte, name string) bool {
	for line := range bytes.Lines(head) {
		if len(line) > len(name) && strings.EqualFold(string(line[:len(name)]), name) &&
			bytes.HasPrefix(bytes.TrimLeft(line[len(name):], " \t"), []byte(":")) {
			return true
		}
	}
	return false
}
