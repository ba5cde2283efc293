package check

import (
	"context"
	"errors"
	"time"

	"postern/lib/dns"
	"postern/lib/smtp"
)

// lookupLimit is how long a check waits for DNS. The client waits 5 minutes
// (RFC 5321 4.5.3.2).
const lookupLimit = 15 * time.Second

// senderDomain refuses a sender whose domain takes no mail, so that a bounce would
// have nowhere to go: 550 5.7.27 or 5.1.8. Only a clear answer of DNS counts;
// trouble with DNS is not the sender's fault.
func (c *Config) senderDomain(ctx context.Context, f *Facts) (Verdict, error) {
	domain := f.Sender.Domain
	if !c.SenderDomain || f.Trusted || f.Class == Allow || domain == "" || c.exempt(f.Recipient) || isLiteral(domain) {
		return Verdict{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	list, err := c.Resolver.LookupMX(ctx, domain)
	switch {
	case err == nil && nullMX(list):
		return refuseSender(smtp.SenderNullMX, "the sender's domain takes no mail", "null MX of "+domain), nil
	case err == nil || !errors.Is(err, dns.ErrNotFound):
		return Verdict{}, nil
	}
	if e, ok := errors.AsType[*dns.Error](err); !ok || !e.NoName { // an address will do (RFC 5321 5.1)
		if _, err := c.Resolver.LookupIP(ctx, "ip", domain); !errors.Is(err, dns.ErrNotFound) {
			return Verdict{}, nil
		}
	}
	return refuseSender(smtp.BadSenderSystem, "the sender's domain does not exist", "neither MX nor address: "+domain), nil
}

// nullMX says whether a domain takes no mail (RFC 7505).
func nullMX(list []dns.MX) bool {
	for _, mx := range list {
		if mx.Host != "" {
			return false
		}
	}
	return true
}

func refuseSender(d smtp.Detail, text, reason string) Verdict {
	return Verdict{Action: Reject, Reply: smtp.Say(550, d, text), Reason: reason}
}

// isLiteral says whether a domain is an address, in brackets or without.
func isLiteral(domain string) bool {
	_, ok := literal(domain)
	return ok || domain[0] == '['
}
