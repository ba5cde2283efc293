package check

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"postern/lib/conf"
	"postern/lib/dns"
	"postern/lib/smtp"
)

// nameSet is names.blocked: recipients, in the form of mailboxKey.
type nameSet map[string]struct{}

// parseNames reads a recipient a line: user@dom, dom!user, or a user of any
// domain that is ours.
func parseNames(file string, text []byte) (nameSet, []error) {
	set := make(nameSet)
	return set, eachLine(file, text, func(line conf.Line) error {
		if len(line.Args) > 0 {
			return fmt.Errorf("%q is more than one recipient", line.Args[0])
		}
		set[mailboxKey(line.Name)] = struct{}{}
		return nil
	})
}

// mailboxKey is an address in the form in which lists keep it: user@dom, in
// lower case.
func mailboxKey(word string) string {
	word = strings.ToLower(word)
	if domain, user, ok := strings.Cut(word, "!"); ok && !strings.Contains(word, "@") {
		return user + "@" + domain
	}
	return word
}

// keys are the forms under which a recipient may stand.
func keys(m smtp.Mailbox) [2]string {
	user := strings.ToLower(m.Local)
	return [...]string{user + "@" + strings.ToLower(m.Domain), user}
}

func (s nameSet) has(m smtp.Mailbox) bool {
	for _, key := range keys(m) {
		if _, ok := s[key]; ok {
			return true
		}
	}
	return false
}

// senderSet is the file senders: the hosts from which recipients take mail.
type senderSet map[string]*hosts

// hosts are addresses and names.
type hosts struct {
	nets    []netip.Prefix
	domains []string
}

// maxHosts is how many names a recipient may have in the file: each is asked
// of DNS.
const maxHosts = 16

// parseSenders reads lines "recipient domain-or-address ...".
func parseSenders(file string, text []byte) (senderSet, []error) {
	set := make(senderSet)
	return set, eachLine(file, text, func(line conf.Line) error {
		if len(line.Args) == 0 {
			return errors.New("no host is named from which mail is taken")
		}
		key := mailboxKey(line.Name)
		if set[key] == nil {
			set[key] = new(hosts)
		}
		return set[key].add(line.Args)
	})
}

func (h *hosts) add(words []string) error {
	for _, word := range words {
		net, err := conf.ParseNet(word)
		switch {
		case err == nil:
			h.nets = append(h.nets, net)
		case !dns.ValidName(word):
			return fmt.Errorf("%q is neither a host nor an address", word)
		case len(h.domains) == maxHosts:
			return fmt.Errorf("more than %d hosts for one recipient", maxHosts)
		default:
			h.domains = append(h.domains, word)
		}
	}
	return nil
}

// of is the hosts from which a recipient takes mail; nil if from all.
func (s senderSet) of(m smtp.Mailbox) *hosts {
	for _, key := range keys(m) {
		if h, ok := s[key]; ok {
			return h
		}
	}
	return nil
}
