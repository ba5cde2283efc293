package check

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"postern/lib/dns"
	"postern/lib/smtp"
)

// backup says whether we are a mail exchanger of a domain that another host
// serves better than we do. For a domain whose best exchanger we are without
// knowing it, mail would come back to us for ever.
func (c *Config) backup(ctx context.Context, f *Facts) (bool, error) {
	if domain := f.Recipient.Domain; !c.BackupMX || domain == "" || isLiteral(domain) {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	list, err := c.Resolver.LookupMX(ctx, f.Recipient.Domain)
	if errors.Is(err, dns.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	best := list[0].Pref
	for _, mx := range list[:min(len(list), maxExchangers)] {
		ours, err := c.isOurs(ctx, mx.Host, f.Server)
		if err != nil || ours {
			return ours && mx.Pref > best, err
		}
	}
	return false, nil
}

// maxExchangers is how many exchangers of a domain are looked at.
const maxExchangers = 20

// isOurs says whether a host is this one: by its name, or because it has an
// address of ours.
func (c *Config) isOurs(ctx context.Context, host string, server netip.Addr) (bool, error) {
	if host == "" {
		return false, nil
	}
	if dns.MatchDomains(c.Own[:1], host) {
		return true, nil
	}
	addrs, err := c.Resolver.LookupIP(ctx, "ip", host)
	if errors.Is(err, dns.ErrNotFound) {
		return false, nil
	}
	return slices.ContainsFunc(addrs, func(a netip.Addr) bool {
		return a == server || c.Address != nil && c.Address(a)
	}), err
}

// relayed is the answer to a recipient on another host.
func (c *Config) relayed(ctx context.Context, f *Facts) (Verdict, error) {
	if f.Trusted {
		return Verdict{}, nil
	}
	switch ok, err := c.backup(ctx, f); {
	case err != nil:
		return Verdict{Action: Defer, Reason: err.Error(),
			Reply: smtp.Say(451, smtp.DirectoryFailure, "cannot find out now whether mail for this domain is taken, try again later")}, nil
	case ok:
		return Verdict{}, nil
	case f.Unsure != nil:
		return Verdict{Action: Defer, Reason: f.Unsure.Error(),
			Reply: smtp.Say(451, smtp.DirectoryFailure, "cannot find out now whether mail is relayed for you, try again later")}, nil
	}
	return Verdict{Action: Reject, Reason: "relaying for a client that is not trusted",
		Reply: smtp.Say(550, smtp.NotAuthorized, "no mail is relayed for you here")}, nil
}
