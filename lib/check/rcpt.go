package check

import (
	"context"
	"strings"

	"postern/lib/smtp"
)

// recipient refuses strangers' mail for other hosts (relaying) and mail for
// nobody, at once instead of by a bounce later.
func (c Config) recipient(ctx context.Context, f *Facts) (Verdict, error) {
	p, err := c.Recipient(ctx, f.Recipient)
	switch p {
	case Local:
		return Verdict{}, nil
	case Remote:
		if f.Trusted {
			return Verdict{}, nil
		}
		return Verdict{Action: Reject, Reply: smtp.Say(550, smtp.NotAuthorized, "no mail is relayed for you here"), Reason: "relaying for a client that is not trusted"}, nil
	case Unknown:
		return Verdict{Action: Reject, Reply: smtp.Say(550, smtp.NoMailbox, "no such mailbox here"), Reason: "no alias, no mailbox of this name"}, nil
	case Closed:
		return Verdict{Action: Reject, Reply: smtp.Say(550, smtp.MailboxDisabled, "this mailbox takes no mail"), Reason: "address disabled by a rule"}, nil
	}
	return Verdict{}, err
}

// percent refuses user%host@ours: mailers behind us may take it for
// user@host and relay.
func (c Config) percent(_ context.Context, f *Facts) (Verdict, error) {
	if c.AllowPercent || f.Trusted || !strings.ContainsAny(f.Recipient.Local, "%!@") {
		return Verdict{}, nil
	}
	return Verdict{Action: Reject, Reply: smtp.Say(550, smtp.NotAuthorized, "no routes in a local part"), Reason: "percent, bang or at sign in the local part"}, nil
}
