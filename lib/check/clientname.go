package check

import (
	"context"

	"postern/lib/smtp"
)

// clientName tells a client to come later whose name cannot be looked up for
// now: 451 4.4.3. That it has no name is no trouble.
func (c *Config) clientName(_ context.Context, f *Facts) (Verdict, error) {
	if !c.NamedOnly || f.NameError == nil || f.Trusted || c.exempt(f.Recipient) {
		return Verdict{}, nil
	}
	err := f.NameError()
	if err == nil {
		return Verdict{}, nil
	}
	return Verdict{Action: Defer, Reason: err.Error(),
		Reply: smtp.Say(451, smtp.DirectoryFailure, "your name cannot be looked up now, try again later")}, nil
}
