package check

import (
	"context"
	"strconv"

	"postern/lib/greylist"
	"postern/lib/smtp"
	"postern/lib/spf"
)

// greylist tells strangers to come again: 451 4.7.1. It is the last check, so
// that nobody is remembered who is refused anyway. Who is trusted or has logged
// in passes, whom lists allow, and all mail to the postmaster.
func (c *Config) greylist(_ context.Context, f *Facts) (Verdict, error) {
	if c.Greylist == nil {
		return Verdict{}, nil
	}
	for _, name := range greylist.Attributes() {
		f.Record.Delete(name)
	}
	if !c.strange(f) {
		return Verdict{}, nil
	}
	q := question(f)
	d, err := c.Greylist.Check(q, c.Now())
	if err != nil && d.Deferred() {
		return Verdict{}, err
	}
	d.Record(f.Record)
	if !d.Deferred() || c.Greylist.Learning() {
		return Verdict{}, err
	}
	reason := d.State.String() + ", waits for " + strconv.Itoa(int(d.Wait.Seconds())) + " s"
	if d.Full {
		reason = "too many strangers, and this one was not remembered"
	}
	return Verdict{Action: Defer, Reason: reason, Reply: smtp.Say(451, smtp.NotAuthorized, d.Words())}, nil
}

// strange says whether a client has to come again at all.
func (c *Config) strange(f *Facts) bool {
	switch {
	case f.Trusted, f.Record.Value("sasl_username") != "", !f.Client.IsValid(), f.Class == Allow:
		return false
	case c.exempt(f.Recipient), greylist.Exempt(f.Recipient.String()):
		return false
	}
	return f.Lists == nil || !vouched(f)
}

// vouched says whether block lists have more good than bad to say of a client:
// lists that allow have negative scores.
func vouched(f *Facts) bool {
	lists := f.Lists()
	return lists.Score < 0
}

// question is what the greylist is asked.
func question(f *Facts) *greylist.Query {
	q := &greylist.Query{Local: f.Server, Remote: f.Client, Name: f.Name, Sender: f.Sender.String(), Recipient: f.Recipient.String()}
	if f.SPF != nil {
		if res := f.SPF(); res.Code == spf.Pass {
			q.SPF = res.Domain
		}
	}
	return q
}
