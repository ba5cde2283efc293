package queue

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"postern/lib/smtp"
)

// head is what stands before the text of an entry:
//
//	id=ID sender=... time=... recipient_count=2
//	recipient=... state=wait tries=000 tried=0000000000 reply="..."
//	recipient=... state=wait tries=000 tried=0000000000 reply="..."
//	(empty line)
type head struct {
	env     *smtp.Envelope
	created time.Time
	status  []Status
	before  []Status // as they were read
	offset  []int64  // where each status begins in the file
	size    int64    // octets of it all: where the text begins
}

// appendHead appends the head of a new entry.
func appendHead(b []byte, env *smtp.Envelope, created time.Time) []byte {
	r := messageRecord(env)
	r.Set("time", created.UTC().Format(time.RFC3339))
	r.Set("recipient_count", strconv.Itoa(len(env.Recipients)))
	b = append(r.AppendLine(b), '\n')
	for i := range env.Recipients {
		r := recipientRecord(&env.Recipients[i])
		b = append(Status{}.append(r.AppendLine(b)), '\n')
	}
	return append(b, '\n')
}

// checkHead says why an entry that begins with b would not be read as env, if
// so: nothing is accepted that would turn out to be damaged.
func checkHead(b []byte, env *smtp.Envelope) error {
	h, err := readHead(bytes.NewReader(b))
	switch {
	case len(env.Recipients) == 0:
		return errors.New("no recipients")
	case err != nil:
		return fmt.Errorf("envelope cannot be kept: %w", err)
	case h.env.Sender != env.Sender:
		return fmt.Errorf("sender %q cannot be kept", env.Sender.String())
	}
	for i := range env.Recipients {
		want, got := &env.Recipients[i], &h.env.Recipients[i]
		if want.Mailbox != got.Mailbox || want.Dest != got.Dest || want.ORcpt != got.ORcpt {
			return fmt.Errorf("recipient %q cannot be kept", want.Mailbox.String())
		}
	}
	return nil
}

// readHead reads the head of an entry. Every error but one of reading means
// that the entry is damaged.
func readHead(src io.Reader) (*head, error) {
	r := bufio.NewReader(src)
	line, err := readLine(r)
	if err != nil {
		return nil, noEOF(err)
	}
	h := &head{size: int64(len(line)) + 1}
	env, rec, err := parseMessage(line)
	if err != nil {
		return nil, err
	}
	h.env = env
	// A torn or strange time only makes the entry look young.
	h.created, _ = time.Parse(time.RFC3339, rec.Value("time"))
	if err := h.readRecipients(r); err != nil {
		return nil, err
	}
	if n := strconv.Itoa(len(env.Recipients)); n != rec.Value("recipient_count") {
		return nil, fmt.Errorf("%s recipients where %s should be", n, rec.Value("recipient_count"))
	}
	return h, nil
}

// readRecipients reads the lines of recipients and the empty line.
func (h *head) readRecipients(r *bufio.Reader) error {
	for {
		line, err := readLine(r)
		if err != nil {
			return noEOF(err)
		}
		if len(line) == 0 {
			h.size++
			return nil
		}
		if err := h.addRecipient(line); err != nil {
			return err
		}
	}
}

// addRecipient takes one recipient with its status.
func (h *head) addRecipient(line []byte) error {
	n := len(line) - statusLen
	if n < 0 {
		return errors.New("a recipient without state")
	}
	status, ok := parseStatus(line[n:])
	if !ok {
		return errors.New("a recipient whose state is malformed")
	}
	if err := addRecipient(h.env, line[:n]); err != nil {
		return err
	}
	h.status = append(h.status, status)
	h.before = append(h.before, status)
	h.offset = append(h.offset, h.size+int64(n))
	h.size += int64(len(line)) + 1
	return nil
}
