package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"postern/lib/place"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// envelope is the envelope: what smtpd has left on descriptor 3, when it is smtpd
// that calls (fromSMTP), and else what the command line states.
func (p *program) envelope(operands []string) (env *smtp.Envelope, fromSMTP bool, err error) {
	stated, err := inherited()
	if err != nil {
		return nil, false, err
	}
	env, err = p.fromArgs(operands)
	if err != nil || stated == nil {
		return env, false, err
	}
	if err := agree(stated, env); err != nil {
		return nil, false, err
	}
	for i := range stated.Recipients {
		stated.Recipients[i].Dest = "" // where it goes is for us to say
	}
	return stated, true, nil
}

// fromArgs is the envelope of the command line alone.
func (p *program) fromArgs(operands []string) (*smtp.Envelope, error) {
	env := &smtp.Envelope{
		ID: queue.NewID(time.Now()), Body: strings.ToUpper(p.body), Ret: strings.ToUpper(p.ret), EnvID: p.envid,
	}
	var err error
	if env.Sender, err = p.envelopeSender(); err != nil {
		return nil, err
	}
	for _, operand := range operands {
		list, err := p.parseOperand(operand)
		if err != nil {
			return nil, fmt.Errorf("recipient %q: %w", operand, err)
		}
		for _, m := range list {
			env.Recipients = append(env.Recipients, p.recipient(m))
		}
	}
	env.SMTPUTF8 = !env.IsASCII()
	return env, nil
}

// parseOperand reads an operand: one address or, as sendmail takes it too, a list
// of them as in a header field. Cron hands over all of MAILTO in one operand.
func (p *program) parseOperand(operand string) ([]smtp.Mailbox, error) {
	m, err := p.parseAddress(operand)
	switch {
	case err == nil && m.IsZero():
		return nil, errors.New("is no recipient")
	case err == nil:
		return []smtp.Mailbox{m}, nil
	}
	if list, _ := p.parseList(operand); len(list) > 0 {
		return list, nil
	}
	return nil, err
}

// recipient is m with what the command line wants for all.
func (p *program) recipient(m smtp.Mailbox) smtp.Recipient {
	r := smtp.Recipient{Mailbox: m}
	if p.notify != "" {
		r.Notify = strings.Split(strings.ToUpper(p.notify), ",")
	}
	return r
}

// agree checks that descriptor 3 and the arguments have as many recipients, so
// that they speak of one message.
func agree(stated, env *smtp.Envelope) error {
	if len(stated.Recipients) != len(env.Recipients) {
		return fmt.Errorf("descriptor 3 has %d recipients, the command line %d", len(stated.Recipients), len(env.Recipients))
	}
	return nil
}

// envelopeSender is the address of -f, or of the user who calls.
func (p *program) envelopeSender() (smtp.Mailbox, error) {
	if !p.hasSender {
		return smtp.Mailbox{Local: loginName(), Domain: p.mail.Hostname()}, nil
	}
	m, err := p.parseAddress(p.sender)
	if err == nil {
		return m, nil
	}
	switch list, _ := p.parseList(p.sender); len(list) {
	case 0:
		return m, fmt.Errorf("sender %q: %w", p.sender, err)
	case 1:
		return list[0], nil // behind a name: "Ann <ann@example.org>"
	}
	return m, fmt.Errorf("sender %q: is more than one address", p.sender)
}

// parseAddress reads an address of the command line, with or without <>. A
// name alone is one of this host. A source route is passed over (RFC 5321
// appendix C). "" and <> give the zero value.
func (p *program) parseAddress(s string) (smtp.Mailbox, error) {
	if strings.HasPrefix(s, "<") && strings.HasSuffix(s, ">") {
		s = s[1 : len(s)-1]
	}
	if s == "" {
		return smtp.Mailbox{}, nil
	}
	if _, behind, ok := strings.Cut(s, ":"); ok && s[0] == '@' {
		s = behind
	}
	if !strings.Contains(s, "@") {
		s += "@" + p.mail.Hostname()
	}
	return smtp.ParseMailbox(s, true)
}

// loginName is the name of the user who calls, or his number.
func loginName() string {
	id := strconv.Itoa(os.Getuid())
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// inherited is the envelope that smtpd has left on a descriptor, nil if there
// is none. One that cannot be read is an inputError: no fault of the message's.
func inherited() (*smtp.Envelope, error) {
	if os.Getenv(place.EnvelopeEnv) != "3" {
		return nil, nil
	}
	f := os.NewFile(3, "envelope")
	defer f.Close()
	env, err := queue.ReadEnvelope(bufio.NewReader(f))
	if err != nil {
		err = fmt.Errorf("descriptor 3: %w", err)
	}
	if errors.As(err, new(*fs.PathError)) {
		err = inputError{err}
	}
	return env, err
}
