package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"postern/lib/smtp"
)

// names are what we call ourselves.
type names struct {
	host string // in EHLO, and behind every address that has no domain
}

// hostsFile is where the system keeps names without asking DNS.
const hostsFile = "/etc/hosts"

// hostNames is -h, or the system's name, as it is in its domain. DNS is not
// asked.
func (c *config) hostNames() (names, error) {
	name := c.host
	if name == "" {
		var err error
		if name, err = os.Hostname(); err != nil {
			return names{}, fmt.Errorf("no host name: %w; say -h", err)
		}
	}
	name = domainify(strings.TrimSuffix(name, "."), c.suffix)
	if c.host == "" && !strings.Contains(name, ".") {
		name = inHosts(hostsFile, name)
	}
	if err := smtp.ValidHelo(name); err != nil {
		return names{}, fmt.Errorf("our own name %q: %w; say -h", name, err)
	}
	return names{host: name}, nil
}

// inHosts is the name in its domain, as a file of the form of hosts(5) has it;
// the name itself when it does not.
func inHosts(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return name
	}
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		for _, word := range strings.Fields(line) {
			if strings.HasPrefix(word, name+".") {
				return strings.TrimSuffix(word, ".")
			}
		}
	}
	return name
}

// domainify puts a host's name into a domain: behind a name without a dot
// stands the domain, from its first dot on.
func domainify(name, domain string) string {
	if domain == "" || strings.Contains(name, ".") {
		return name
	}
	if i := strings.IndexByte(domain, '.'); i >= 0 {
		return name + domain[i:]
	}
	return name + "." + domain
}

// qualify turns an address as people and old programs write it into one with
// a domain: dom!user is user@dom, and what has no domain is in the one given.
// A %%XX stands for the octet XX.
func qualify(address, domain string) string {
	address = bangToAt(unescape(address))
	if address == "" || strings.Contains(address, "@") {
		return address
	}
	return address + "@" + domain
}

// bangToAt turns a path of hosts around: of a!b!user only b, the last host,
// says where the user is.
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
	m, err := smtp.ParseMailbox(qualify(strip(s), p.names.host), true)
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
