package check

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	"postern/lib/prog"
	"postern/lib/record"
	"postern/lib/smtp"
)

// hookLimit is how long a hook may take. The client waits 5 minutes (RFC 5321
// 4.5.3.2).
const hookLimit = time.Minute

// Hook is a program of the postmaster's that has an opinion. Its exit status
// is the verdict, as with a mailer, and the last line that it writes on
// standard error the reason that the client is told. A reason that begins
// "rejected:" makes every status but 0 a refusal for good, as upas had it.
// What cannot be started has no opinion.
type Hook struct {
	Path     string        // absolute; "" for none
	Args     []string      // in front of what is asked about
	Optional bool          // need not exist
	Limit    time.Duration // how long it may take; a minute unless said
}

// Ask runs the hook with arguments. rejected is the reply to the words of
// upas. No shell sees the arguments; the caller lets none of them begin with a
// hyphen.
func (h Hook) Ask(ctx context.Context, env []string, rejected smtp.Reply, args ...string) (Verdict, error) {
	res, err := prog.Run(ctx, prog.Command{
		Path: h.Path, Args: append(h.Args[:len(h.Args):len(h.Args)], args...), Env: env, Limit: cmp.Or(h.Limit, hookLimit),
	})
	switch {
	case errors.Is(err, fs.ErrNotExist) && h.Optional:
		return Verdict{}, nil
	case err != nil && !errors.Is(err, context.DeadlineExceeded):
		return Verdict{}, err
	case err == nil && res.Status == 0:
		return Verdict{}, nil
	}
	v := Verdict{Action: Defer, Reason: h.Path + ": " + res.Reason, Reply: smtp.FromExit(res.Status, res.Reason)}
	if words, ok := strings.CutPrefix(res.Reason, "rejected:"); ok {
		v.Reply = smtp.Say(rejected.Code, rejected.Detail, strings.TrimSpace(words))
	}
	if v.Reply.Class() == 5 {
		v.Action = Reject
	}
	return v, nil
}

// validateAddress asks the hook about a recipient: validateaddress rcpt.
func (c *Config) validateAddress(ctx context.Context, f *Facts) (Verdict, error) {
	rcpt := f.Recipient.String()
	if c.ValidateAddress.Path == "" {
		return Verdict{}, nil
	}
	if strings.HasPrefix(rcpt, "-") {
		return Verdict{Action: Reject, Reason: "a recipient that looks like an option", Reply: smtp.Say(550, smtp.NoMailbox, "no such mailbox here")}, nil
	}
	env := c.environ(f, "recipient", rcpt)
	return c.ValidateAddress.Ask(ctx, env, smtp.Say(550, smtp.NoMailbox), rcpt)
}

// validateSender asks the hook about a sender that is not trusted:
// validatesender -n netdir domain user address helo. For the null sender it is
// the user postmaster of the client's own name.
func (c *Config) validateSender(ctx context.Context, f *Facts) (Verdict, error) {
	if c.ValidateSender.Path == "" || f.Trusted {
		return Verdict{}, nil
	}
	rejected := smtp.Say(554, smtp.NotAuthorized)
	domain, user := f.Sender.Domain, f.Sender.Local
	if f.Sender.IsZero() {
		if len(f.Accepted) > 1 {
			return Verdict{Action: Reject, Reason: "a bounce to several recipients", Reply: smtp.Say(554, smtp.NotAuthorized, "a bounce has one recipient")}, nil
		}
		domain, user = f.Helo, "postmaster"
	}
	for _, arg := range []string{domain, user, f.Helo} {
		if strings.HasPrefix(arg, "-") {
			return Verdict{Action: Reject, Reason: "a name that looks like an option", Reply: smtp.Say(554, smtp.NotAuthorized, "no mail is taken from such a name")}, nil
		}
	}
	env := c.environ(f, "sender", f.Sender.String())
	return c.ValidateSender.Ask(ctx, env, rejected, "-n", c.NetDir, domain, user, addressWord(f.Client), f.Helo)
}

// addressWord is an address, or the word unknown.
func addressWord(a netip.Addr) string {
	if !a.IsValid() {
		return "unknown"
	}
	return a.String()
}

// environ is what a hook sees of the session.
func (c *Config) environ(f *Facts, name, value string) []string {
	var r record.Record
	if f.Record != nil {
		r = f.Record.Clone()
	}
	r.Set("sender", f.Sender.String())
	r.Set(name, value)
	if c.Environ == nil {
		return r.Environ()
	}
	return c.Environ(&r)
}
