package deliver

import (
	"context"
	"io"

	"postern/lib/smtp"
)

// Job is a queued message and those of its recipients that are to be tried.
type Job struct {
	Env   *smtp.Envelope
	Rcpts []int                // indexes into Env.Recipients
	Text  func() io.ReadSeeker // a new reader of the message, at its first octet
	Again func(i int) bool     // recipient i was being tried when a process died
}

// DeliverAll brings a message to its recipients and reports what became of
// each as soon as that is known. Those who have an LMTP server in common are
// served over one connection. When ctx is done no further delivery is begun, and
// one that has begun is not broken off; who was not tried is not reported.
func (d *Deliverer) DeliverAll(ctx context.Context, job Job, report func(i int, o Outcome)) {
	work := context.WithoutCancel(ctx) // what is killed in its midst would be done twice
	var servers []string
	rcpts := map[string][]int{}
	for _, i := range job.Rcpts {
		if ctx.Err() != nil {
			return
		}
		where, ok := d.lmtpOf(work, job.Env, i)
		if !ok {
			report(i, d.Deliver(work, job.Env, i, job.Text(), job.Again(i)))
			continue
		}
		if rcpts[where] == nil {
			servers = append(servers, where)
		}
		rcpts[where] = append(rcpts[where], i)
	}
	for _, where := range servers {
		if ctx.Err() != nil {
			return
		}
		for n, o := range d.lmtp(work, where, d.envelopeFor(job.Env, rcpts[where]), job.Text()) {
			report(rcpts[where][n], o)
		}
	}
}

// envelopeFor is env for some of its recipients, all of whom get a domain.
func (d *Deliverer) envelopeFor(env *smtp.Envelope, rcpts []int) *smtp.Envelope {
	part := env.For(rcpts)
	for n := range part.Recipients {
		part.Recipients[n].Mailbox = d.qualified(part.Recipients[n].Mailbox)
	}
	return part
}

// lmtpOf is the LMTP server that keeps recipient i's mail, if one was decided
// upon when the message was taken.
func (d *Deliverer) lmtpOf(ctx context.Context, env *smtp.Envelope, i int) (where string, ok bool) {
	rcpt := env.Recipients[i]
	dest, err := ParseDestination(rcpt.Dest, rcpt.Mailbox)
	if err != nil || dest.Kind != LMTP {
		return "", false
	}
	list := d.allowed(ctx, dest, env.Sender)
	return dest.Path, len(list) == 1 && list[0].Kind == LMTP
}
