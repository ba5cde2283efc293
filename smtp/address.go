package main

import (
	"fmt"
	"strconv"
	"strings"

	"postern/lib/smtp"
)

// qualify gives an address, as people and old programs write it, a domain:
// dom!user becomes user@dom, and user becomes user@domain. %%XX stands for the
// octet XX (see unescape).
func qualify(address, domain string) string {
	address = bangToAt(unescape(address))
	if address == "" || strings.Contains(address, "@") {
		return address
	}
	return address + "@" + domain
}

// bangToAt turns a bang path into an address: of a!b!user only b, the last host,
// says where the user is, so that it becomes user@b. An address that has an "@"
// or a quote is returned as it is.
func bangToAt(address string) string {
	if strings.ContainsAny(address, "@\"") {
		return address
	}
	last := strings.LastIndexByte(address, '!')
	if last < 0 {
		return address
	}
	host := address[strings.LastIndexByte(address[:last], '!')+1 : last]
	if host == "" {
		return address[last+1:]
	}
	return address[last+1:] + "@" + host
}

// unescape undoes %%XX, by which upas keeps octets from shells.
func unescape(s string) string {
	for from := 0; ; {
		i := strings.Index(s[from:], "%%")
		if i < 0 || from+i+4 > len(s) {
			return s
		}
		i += from
		if n, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
			s = s[:i] + string([]byte{byte(n)}) + s[i+4:]
		}
		from = i + 1
	}
}

// senderMailbox is the envelope sender: <>, nothing and /dev/null are the null
// sender.
func (p *program) senderMailbox(s string) (smtp.Mailbox, error) {
	switch s {
	case "", "<>", "/dev/null":
		return smtp.Mailbox{}, nil
	}
	m, err := smtp.ParseMailbox(qualify(strip(s), p.hostname), true)
	if err != nil {
		return m, fmt.Errorf("sender %q: %w", s, err)
	}
	return m, nil
}

// recipientMailbox is a recipient, in the domain that the mail goes to when it
// names none.
func (p *program) recipientMailbox(s string) (smtp.Mailbox, error) {
	m, err := smtp.ParseMailbox(qualify(strip(s), p.to.domain()), true)
	if err != nil {
		return m, fmt.Errorf("recipient %q: %w", s, err)
	}
	return m, nil
}

// strip takes the angle brackets off an address.
func strip(s string) string {
	if inner, ok := strings.CutPrefix(s, "<"); ok {
		return strings.TrimSuffix(inner, ">")
	}
	return s
}
