package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"os/user"
	"strings"
	"time"

	"postern/lib/client"
	"postern/lib/header"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// conversion is what a message's header is completed with.
type conversion struct {
	domain     string         // behind addresses that have none
	suffix     string         // .domain, behind the names of hosts without a dot
	sender     smtp.Mailbox   // of the envelope
	recipients []smtp.Mailbox // of the envelope
}

// convert writes the message to w with LF line ends, its header complete
// (Date, Message-ID, From, To) and every address in it qualified.
func convert(w io.Writer, message io.Reader, c conversion) error {
	full := header.Conversion{
		Now: time.Now(), ID: messageID(c.domain), From: c.from, Address: c.address,
	}
	for _, to := range c.recipients {
		full.To = append(full.To, client.ALabels(to).String())
	}
	return full.Convert(w, message)
}

// messageID makes a name for a message that nobody else will use.
func messageID(domain string) string {
	random := make([]byte, 16)
	rand.Read(random) // it never fails
	return "<" + hex.EncodeToString(random) + "@" + domain + ">"
}

// from is the From field of a message that has none: the sender of the envelope,
// with the full name of a user of this host.
func (c conversion) from() string {
	switch {
	case c.sender.IsZero():
		return "Postmaster@" + c.domain
	case !strings.EqualFold(c.sender.Domain, c.domain):
		return client.ALabels(c.sender).String()
	}
	u, err := user.Lookup(c.sender.Local)
	if err != nil || u.Name == "" {
		return c.sender.String()
	}
	return strings.TrimLeft(header.Phrase(u.Name)+" <"+c.sender.String()+">", " ")
}

// address qualifies an address of the header. What would not be an address then
// either is left as it is.
func (c conversion) address(spec string) string {
	full := bangToAt(spec)
	at := strings.LastIndexByte(full, '@')
	if at < 0 || strings.HasSuffix(full, `"`) {
		full += "@" + c.domain
	} else if c.suffix != "" && !strings.HasPrefix(full[at+1:], "[") {
		full = full[:at+1] + domainify(full[at+1:], c.suffix)
	}
	if _, err := smtp.ParseMailbox(full, true); err != nil {
		return spec
	}
	return full
}

// filter is -f: the message as it would be sent, with CRLF and stuffed dots,
// and without the final dot.
func (p *program) filter() int {
	c, err := p.conversion()
	if err != nil {
		return p.complain(sysexits.DataErr, err)
	}
	text, w := io.Pipe()
	go func() { w.CloseWithError(convert(w, p.stdin, c)) }()
	defer text.Close()
	switch err := client.WriteText(p.stdout, text); {
	case errors.Is(err, client.ErrBareCR):
		return p.complain(sysexits.DataErr, err)
	case err != nil:
		return p.complain(sysexits.TempFail, err)
	}
	return sysexits.OK
}

// conversion is what the command line says of a message.
func (p *program) conversion() (conversion, error) {
	c := conversion{domain: p.hostname, suffix: p.suffix}
	var err error
	if c.sender, err = p.senderMailbox(p.sender); err != nil {
		return c, err
	}
	for _, to := range p.recipients {
		m, err := p.recipientMailbox(to)
		if err != nil {
			return c, err
		}
		c.recipients = append(c.recipients, m)
	}
	return c, nil
}
