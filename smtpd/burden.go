package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"postern/lib/check"
	"postern/lib/maillog"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// Limits of the load average.
const (
	noLoadLimit    = 999
	leastLoadLimit = 10 // what less than 1 means
)

// loadFile is where Linux has the load average.
const loadFile = "/proc/loadavg"

// loadAverage is the load average of the last minute, as a whole number.
func loadAverage(name string) (int, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return 0, err
	}
	whole, _, _ := strings.Cut(string(text), ".")
	n, err := strconv.Atoi(whole)
	if err != nil {
		return 0, fmt.Errorf("%s: not a load average", name)
	}
	return n, nil
}

func (s *session) tooLoaded() smtp.Reply {
	s.rec.Set("reason", "load average")
	return smtp.Say(421, smtp.NotAccepting, "the system is too loaded to take mail now, try again later")
}

// roomFor refuses a message of so many octets when the queue's file system
// would be left with less than MinAvailSpace.
func (s *session) roomFor(size int64) check.Verdict {
	least := s.conf.wire.minSpace
	if least == 0 {
		return check.Verdict{}
	}
	free, err := s.freeSpace()
	if err != nil {
		s.complain(maillog.Warning, "space", err)
		return check.Verdict{}
	}
	if free-int64(least)<<10 >= size {
		return check.Verdict{}
	}
	return check.Verdict{Action: check.Defer, Check: "space", Reason: fmt.Sprintf("%d octets are free", free),
		Reply: smtp.Say(452, smtp.SystemFull, "no room for mail now, try again later")}
}

// freeSpace is the room where messages are kept, in octets.
func (srv *server) freeSpace() (free int64, err error) {
	for _, dir := range []string{srv.conf.mail.Queue, srv.conf.places.Queue(), srv.conf.places.Spool()} {
		if dir == "" {
			continue
		}
		if free, err = srv.free(dir); !errors.Is(err, os.ErrNotExist) {
			return free, err
		}
	}
	return free, err
}

// tooMany refuses a recipient that is one too many. Trusted clients have no
// limit but the queue's and an external mailer's command line, and recipients on other hosts, for which policy asks who may send
// there, can have a higher one.
func (s *session) tooMany(ctx context.Context, m smtp.Mailbox) bool {
	n := len(s.tx.env.Recipients)
	switch {
	case n >= queue.MaxRecipients, len(s.conf.mailer) > 0 && s.tx.argv >= maxMailerArgv:
		return true
	case n < s.conf.maxRcpts, s.facts.Trusted:
		return false
	case n >= s.conf.wire.maxRelayRcpts:
		return true
	}
	p, err := s.presence(ctx, m)
	return err != nil || p != check.Remote
}

// bait notes a recipient of a message from <>. It is true when there were
// more than such a message has, which is a notice to one sender: no recipient
// of it will get it.
func (s *session) bait() bool {
	limit := s.conf.wire.maxErrorRcpts
	if limit == 0 || s.facts.Trusted || !s.tx.env.Sender.IsZero() {
		return false
	}
	s.tx.named++
	return s.tx.named > limit
}

// notNotice refuses for good. The 552 of ZMailer is 452 to clients, who would
// come again with the rest (RFC 5321 4.5.3.1.10).
func notNotice() smtp.Reply {
	return smtp.Say(550, smtp.NotAuthorized, "too many recipients for a message from <>")
}

// atData asks policy whether the message may come.
func (s *session) atData(ctx context.Context) check.Verdict {
	if limit := s.conf.wire.maxErrorRcpts; limit > 0 && s.tx.named > limit {
		return check.Verdict{Action: check.Reject, Check: "error-recipients", Reason: itoa(s.tx.named) + " recipients of a notice",
			Reply: notNotice()}
	}
	return s.policy.At(ctx, check.Data, &s.facts)
}
