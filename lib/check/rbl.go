package check

import (
	"context"

	"postern/lib/maillog"
	"postern/lib/rbl"
	"postern/lib/smtp"
)

// maxWords bounds what of others' words stands in a reply, in octets.
const maxWords = 200

// rbl refuses a client whose score on block lists is too high: 550 5.7.1. Lists
// that cannot be asked count neither for nor against it.
func (c *Config) rbl(ctx context.Context, f *Facts) (Verdict, error) {
	if f.Lists == nil || f.Trusted {
		return Verdict{}, nil
	}
	res := f.Lists()
	refused := res.Refused() && f.Class != Allow && !c.exempt(f.Recipient)
	if refused {
		ctx, cancel := context.WithTimeout(ctx, rbl.Limit)
		defer cancel()
		res.Reasons(ctx, c.Resolver)
	}
	res.Record(f.Record)
	if !refused {
		return Verdict{}, nil
	}
	text := "RBL: " + res.Against()
	if reason := res.Reason(); reason != "" {
		text += ": " + reason
	}
	return Verdict{Action: Reject, Reason: "RBL: " + res.Listings(),
		Reply: smtp.Say(550, smtp.NotAuthorized, maillog.Clean(text, maxWords))}, nil
}
