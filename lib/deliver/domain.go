package deliver

import (
	"slices"
	"strings"

	"postern/lib/caller"
	"postern/lib/dns"
	"postern/lib/smtp"
)

// ours says whether mail for the domain is for this host: our name, one of
// Domains, or a literal with one of our addresses (RFC 5321 4.1.3). No domain
// at all is ours too: <postmaster>, and the names of aliases.
func (d *Deliverer) ours(domain string) bool {
	domain = strings.TrimSuffix(domain, ".")
	if domain == "" || dns.MatchDomain(d.config.Hostname, domain) {
		return true
	}
	if strings.HasPrefix(domain, "[") {
		return ourAddress(domain)
	}
	return dns.MatchDomains(d.config.Domains, domain)
}

// qualified is m with a domain: ours, if it has none.
func (d *Deliverer) qualified(m smtp.Mailbox) smtp.Mailbox {
	if m.Domain == "" {
		m.Domain = d.config.Hostname
	}
	return m
}

// ourAddress says whether an address literal is an address of this host.
func ourAddress(literal string) bool {
	addr, err := smtp.ParseLiteral(literal)
	if err != nil {
		return false
	}
	own, err := caller.HostAddrs()
	if err != nil {
		return addr.IsLoopback()
	}
	return slices.Contains(own, addr)
}
