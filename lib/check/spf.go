package check

import (
	"context"

	"postern/lib/smtp"
	"postern/lib/spf"
)

// spf refuses a client that may not send for the sender's domain, as the domain
// says: 550 5.7.23 (RFC 7208 8.4, RFC 7372 3.2). While the domain cannot be asked,
// the client is told to come later: 451 4.4.3 (RFC 7208 8.6). A record that
// nobody can read (permerror) is no reason to refuse.
func (c *Config) spf(_ context.Context, f *Facts) (Verdict, error) {
	if f.SPF == nil || f.Trusted {
		return Verdict{}, nil
	}
	res := f.SPF()
	res.Record(f.Record)
	if c.SPFMarks || f.Class == Allow || c.exempt(f.Recipient) {
		return Verdict{}, nil
	}
	switch res.Code {
	case spf.Fail:
		return Verdict{Action: Reject, Reason: "SPF fail by " + res.Rule.String() + ": " + res.Mechanism,
			Reply: smtp.Say(550, smtp.SPFFailed, res.Refusal(f.Client))}, nil
	case spf.TempError:
		return Verdict{Action: Defer, Reason: "SPF temperror: " + res.Problem,
			Reply: smtp.Say(451, smtp.DirectoryFailure, "SPF: the sender's domain cannot be asked now, try again later")}, nil
	}
	return Verdict{}, nil
}
