package queue

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"postern/lib/record"
	"postern/lib/smtp"
)

// Bounds of an envelope that is read. One that is larger cannot be written.
const (
	MaxRecipients = 50000
	maxLine       = 16 << 10 // octets of a line: addresses, ORCPT and ENVID, all quoted, and a destination
)

// AppendEnvelope appends env as record lines (record(7)): one for the message,
// one for each recipient, an empty line. It is the form of descriptor 3
// between smtpd and a mailer, and of the beginning of a queue entry.
func AppendEnvelope(b []byte, env *smtp.Envelope) []byte {
	r := messageRecord(env)
	return appendRecipients(append(r.AppendLine(b), '\n'), env)
}

// appendRecipients appends the lines of the recipients and the empty one.
func appendRecipients(b []byte, env *smtp.Envelope) []byte {
	for i := range env.Recipients {
		r := recipientRecord(&env.Recipients[i])
		b = append(r.AppendLine(b), '\n')
	}
	return append(b, '\n')
}

// ReadEnvelope reads what AppendEnvelope wrote, up to and including the empty
// line, or to the end of input. Attributes it does not know are passed over;
// what is malformed or beyond the bounds is an error.
func ReadEnvelope(r *bufio.Reader) (*smtp.Envelope, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", noEOF(err))
	}
	env, _, err := parseMessage(line)
	if err == nil {
		err = readRecipients(r, env)
	}
	if err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	return env, nil
}

// readRecipients reads the lines of the recipients into env, up to the empty
// line or the end of input.
func readRecipients(r *bufio.Reader, env *smtp.Envelope) error {
	for {
		line, err := readLine(r)
		if err == io.EOF || err == nil && len(line) == 0 {
			return nil
		}
		if err == nil {
			err = addRecipient(env, line)
		}
		if err != nil {
			return err
		}
	}
}

// messageRecord is the line of the message.
func messageRecord(env *smtp.Envelope) record.Record {
	var r record.Record
	set := func(name, value string) {
		if value != "" {
			r.Set(name, value)
		}
	}
	set("id", env.ID)
	r.Set("sender", mailboxText(env.Sender))
	set("body", env.Body)
	if env.SMTPUTF8 {
		r.Set("smtputf8", "1")
	}
	if env.Size > 0 {
		r.Set("size", strconv.FormatInt(env.Size, 10))
	}
	set("dsn_ret", env.Ret)
	set("dsn_envid", env.EnvID)
	set("sasl_sender", env.Auth)
	set("client_ident", env.Ident)
	return r
}

// parseMessage reads the line of the message.
func parseMessage(line []byte) (*smtp.Envelope, record.Record, error) {
	r, err := record.ParseLine(line)
	if err != nil {
		return nil, r, err
	}
	sender, ok := r.Lookup("sender")
	if !ok {
		return nil, r, errors.New("the first line has no sender")
	}
	env := &smtp.Envelope{
		ID: r.Value("id"), Body: r.Value("body"), SMTPUTF8: r.Value("smtputf8") == "1",
		Ret: r.Value("dsn_ret"), EnvID: r.Value("dsn_envid"), Auth: r.Value("sasl_sender"),
		Ident: r.Value("client_ident"),
	}
	if env.Sender, err = parseMailbox(sender); err != nil {
		return nil, r, fmt.Errorf("sender: %w", err)
	}
	if size, ok := r.Lookup("size"); ok {
		if env.Size, err = strconv.ParseInt(size, 10, 64); err != nil || env.Size < 0 {
			return nil, r, fmt.Errorf("bad size %q", size)
		}
	}
	return env, r, nil
}

// recipientRecord is the line of a recipient.
func recipientRecord(rcpt *smtp.Recipient) record.Record {
	var r record.Record
	r.Set("recipient", mailboxText(rcpt.Mailbox))
	if len(rcpt.Notify) > 0 {
		r.Set("dsn_notify", strings.Join(rcpt.Notify, ","))
	}
	if rcpt.ORcpt != "" {
		r.Set("dsn_orcpt", rcpt.ORcpt)
	}
	if rcpt.Dest != "" {
		r.Set("destination", rcpt.Dest)
	}
	return r
}

// addRecipient reads the line of a recipient into env.
func addRecipient(env *smtp.Envelope, line []byte) error {
	r, err := record.ParseLine(line)
	if err != nil {
		return err
	}
	return addRecord(env, &r)
}

// addRecord adds to env the recipient that the record is about.
func addRecord(env *smtp.Envelope, r *record.Record) (err error) {
	if len(env.Recipients) == MaxRecipients {
		return fmt.Errorf("more than %d recipients", MaxRecipients)
	}
	rcpt := smtp.Recipient{ORcpt: r.Value("dsn_orcpt"), Dest: r.Value("destination")}
	if rcpt.Mailbox, err = parseMailbox(r.Value("recipient")); err != nil {
		return fmt.Errorf("recipient: %w", err)
	}
	if rcpt.Mailbox.IsZero() {
		return errors.New("a line without recipient")
	}
	if notify := r.Value("dsn_notify"); notify != "" {
		rcpt.Notify = strings.Split(notify, ",")
	}
	env.Recipients = append(env.Recipients, rcpt)
	return nil
}

// mailboxText is m as it stands in an envelope. A local part alone, which has
// no form on the wire, is quoted as in an address, and ends in "@" if another
// "@" in it would make it look like a whole one.
func mailboxText(m smtp.Mailbox) string {
	if m.Domain != "" || m.IsZero() {
		return m.String()
	}
	local := strings.TrimSuffix(smtp.Mailbox{Local: m.Local, Domain: "x"}.String(), "@x")
	if strings.Contains(local, "@") {
		local += "@"
	}
	return local
}

// parseMailbox reads what mailboxText wrote.
func parseMailbox(s string) (smtp.Mailbox, error) {
	if s == "" {
		return smtp.Mailbox{}, nil
	}
	if strings.HasSuffix(s, "@") || !strings.Contains(s, "@") {
		m, err := smtp.ParseMailbox(strings.TrimSuffix(s, "@")+"@x", true)
		m.Domain = ""
		return m, err
	}
	return smtp.ParseMailbox(s, true)
}

// readLine reads a line without its end. A last line without end is taken as
// it is; io.EOF means that there is none.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > maxLine {
			return nil, errors.New("line too long")
		}
		if err == nil && line == nil {
			return part[:len(part)-1], nil
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case err == io.EOF && len(line) > 0:
			return line, nil
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

// noEOF is err where more had to come.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
