package check

import (
	"context"

	"postern/lib/smtp"
)

// lists asks the lists about client and sender. What they say is noted at
// MAIL and takes effect at DATA, when the recipients are known.
func (c *Config) lists(_ context.Context, f *Facts) (Verdict, error) {
	f.Class, f.ClassFrom = Unlisted, ""
	if f.Trusted {
		return Verdict{}, nil
	}
	l, err := c.Lists.find(f.Client, f.Sender)
	f.Class, f.ClassFrom = l.class, l.from
	return Verdict{}, err
}

// class carries out what the lists said, unless every recipient has asked for
// everything that comes.
func (c *Config) class(ctx context.Context, f *Facts) (Verdict, error) {
	if f.Class <= Allow || c.optedOut(ctx, f) {
		return Verdict{}, nil
	}
	v := Verdict{Action: Reject, Reason: f.Class.String() + " by " + f.ClassFrom}
	switch f.Class {
	case Block:
		v.Save = true
		v.Reply = smtp.Say(554, smtp.NotAuthorized, "mail from you is blocked here")
	case Deny:
		v.Reply = smtp.Say(554, smtp.NotAuthorized,
			"mail from <"+f.Sender.String()+"> is not taken here",
			"write to <postmaster@"+c.Own[0]+"> from elsewhere if this is wrong")
	case Dial:
		v.Hard = true
		v.Reply = smtp.Say(554, smtp.NotAuthorized, "send through your provider's mail server")
	case Delay:
		v.Action, v.Save = Defer, true
		v.Reply = smtp.Say(450, smtp.OtherSystem, "try again later")
	}
	return v, nil
}

// optedOut says whether all recipients want no filtering.
func (c *Config) optedOut(ctx context.Context, f *Facts) bool {
	if c.Unfiltered == nil || len(f.Accepted) == 0 {
		return false
	}
	for _, r := range f.Accepted {
		if !c.Unfiltered(ctx, r.Mailbox) {
			return false
		}
	}
	return true
}
