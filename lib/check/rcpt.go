package check

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"postern/lib/dns"
	"postern/lib/smtp"
)

// recipient refuses strangers' mail for other hosts (relaying) and mail for
// nobody, at once instead of by a bounce later.
func (c *Config) recipient(ctx context.Context, f *Facts) (Verdict, error) {
	p, err := c.Recipient(ctx, f.Recipient)
	switch p {
	case Local:
		return Verdict{}, nil
	case Remote:
		return c.relayed(ctx, f)
	case Unknown:
		return Verdict{Action: Reject, Reply: smtp.Say(550, smtp.NoMailbox, "no such mailbox here"), Reason: "no alias, no mailbox of this name"}, nil
	case Closed:
		return Verdict{Action: Reject, Reply: smtp.Say(550, smtp.MailboxDisabled, "this mailbox takes no mail"), Reason: "address disabled by a rule"}, nil
	}
	return Verdict{}, err
}

// percent refuses user%host@ours: mailers behind us may take it for
// user@host and relay.
func (c *Config) percent(_ context.Context, f *Facts) (Verdict, error) {
	if c.AllowPercent || f.Trusted || !strings.ContainsAny(f.Recipient.Local, "%!@") {
		return Verdict{}, nil
	}
	return Verdict{Action: Reject, Reply: smtp.Say(550, smtp.NotAuthorized, "no routes in a local part"), Reason: "percent, bang or at sign in the local part"}, nil
}

// namesBlocked refuses mail for recipients who are to get none.
func (c *Config) namesBlocked(_ context.Context, f *Facts) (Verdict, error) {
	if c.Lists == nil {
		return Verdict{}, nil
	}
	set, err := load(&c.Lists.names)
	if err != nil || !set.has(f.Recipient) {
		return Verdict{}, err
	}
	return Verdict{Action: Reject, Reply: smtp.Say(550, smtp.NoMailbox, "no such mailbox here"), Reason: "in " + c.Lists.names.Path}, nil
}

// senders refuses mail for recipients who take it from some hosts only, when
// it comes from another one.
func (c *Config) senders(ctx context.Context, f *Facts) (Verdict, error) {
	if c.Lists == nil || f.Caller {
		return Verdict{}, nil
	}
	set, err := load(&c.Lists.senders)
	list := set.of(f.Recipient)
	if err != nil || list == nil {
		return Verdict{}, err
	}
	known, err := c.among(ctx, f.Client, list)
	switch {
	case known:
		return Verdict{}, nil
	case err != nil:
		return Verdict{Action: Defer, Reply: smtp.Say(451, smtp.DirectoryFailure, "cannot say now whether you may write to this mailbox"), Reason: err.Error()}, nil
	}
	return Verdict{Action: Reject, Reply: smtp.Say(550, smtp.NotAuthorized, "this mailbox takes no mail from you"), Reason: "not a host in " + c.Lists.senders.Path}, nil
}

// among says whether a client is one of the hosts. The error says that it
// cannot be known now.
func (c *Config) among(ctx context.Context, client netip.Addr, list *hosts) (bool, error) {
	for _, net := range list.nets {
		if net.Contains(client) {
			return true, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	var trouble error
	for _, name := range list.domains {
		addrs, err := c.Resolver.LookupIP(ctx, "ip", name)
		if slices.Contains(addrs, client) {
			return true, nil
		}
		if err != nil && !errors.Is(err, dns.ErrNotFound) {
			trouble = err
		}
	}
	return false, trouble
}
