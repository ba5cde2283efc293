package deliver

import (
	"net"
	"net/netip"
	"strings"

	"postern/lib/dns"
	"postern/lib/smtp"
)

// ours says whether mail for the domain is for this host: our name, one of
// Domains, or a literal with one of our addresses (RFC 5321 4.1.3). No domain
// at all is ours too: <postmaster>, and the names of aliases.
func (d *Deliverer) ours(domain string) bool {
	domain = strings.TrimSuffix(domain, ".")
	if domain == "" || strings.EqualFold(domain, d.config.Hostname) {
		return true
	}
	if strings.HasPrefix(domain, "[") {
		return ourAddress(domain)
	}
	return smtp.MatchDomains(d.domains, oneForm(domain))
}

// oneForm is a domain as it is compared: in lower case, and with A-labels, by
// which it is the same domain (RFC 5890 2.3.2.4). A host that had to send mail
// without SMTPUTF8 names it so, whatever Domains says.
func oneForm(domain string) string { return dns.ToASCII(domain) }

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
	nets, err := net.InterfaceAddrs()
	if err != nil {
		return addr.IsLoopback()
	}
	for _, n := range nets {
		if p, err := netip.ParsePrefix(n.String()); err == nil && p.Addr().Unmap() == addr.Unmap() {
			return true
		}
	}
	return false
}
