package main

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"postern/lib/check"
	"postern/lib/conf"
	"postern/lib/filter"
	"postern/lib/maillog"
	"postern/lib/smtp"
	store "postern/lib/state"
)

// limits is what the directives say about how much a client or a user may do,
// counted over all processes of the host. Nothing is counted unless said, and
// then no file is looked at.
type limits struct {
	messages, errors, user rate
	filter                 []string // SMTPFilter, which smtpfilter runs
	crowd                  crowdLimits
}

// limitRows say how much a client or a user may do.
var limitRows = []conf.Row[limits]{
	{Name: "MaxMsgsPerIP", Args: "per-hour [max]", Default: "0 0",
		Value: func(l *limits) conf.Value { return l.messages.value() },
		Help:  "Recipients that one address may have accepted an hour, for IPv6 one /64; max, the same unless said, is how many may come at once. Further ones are told to come later (450). 0 for no limit; clients that may relay have none."},
	{Name: "MaxErrorsPerIP", Args: "per-hour [max]", Default: "0 0",
		Value: func(l *limits) conf.Value { return l.errors.value() },
		Help:  "Commands of one address, for IPv6 of one /64, that may be answered with an error (4yz or 5yz) an hour, and at once. Beyond, its new sessions are ended at once (421) or, with SMTPFilter, its new connections are filtered. 0 for no limit; clients that may relay have none."},
	{Name: "MaxMsgsPerUser", Args: "per-hour [max]", Default: "0 0",
		Value: func(l *limits) conf.Value { return l.user.value() },
		Help:  "Recipients that one user may have accepted an hour, and at once, wherever he sends from: by the name of AUTH, else by the common name of a verified certificate. Further ones are told to come later (450). 0 for no limit."},
	{Name: "SMTPFilter", Args: "program",
		Value: func(l *limits) conf.Value { return conf.Strings(&l.filter) },
		Help:  "Have new connections filtered, for a while, of addresses that reach MaxErrorsPerIP or MaxConPerIP. It is smtpfilter(8) that runs the program; clients that may relay are never filtered."},
}

// How long a client is filtered at least. In general it is until its bucket has
// room again.
const (
	leastFilter = time.Minute
	crowdFilter = time.Minute // nobody knows when a place will be free
)

// A meter is one bucket that counts something of this session.
type meter struct {
	store.Rate
	directive string
}

// addressMeter is the bucket of the client's address; ok is false where there
// is none: for clients that may relay, and for who has no address.
func (s *session) addressMeter(r rate, directive, key string) (m meter, ok bool) {
	a := s.peer.client.Addr()
	if r.perHour == 0 || !a.IsValid() || s.facts.Trusted || s.batch {
		return meter{}, false
	}
	return meter{s.store.Rate(key+":"+store.AddrKey(a), r.perHour, r.max), directive}, true
}

// userMeter is the bucket of whoever has logged in, or has shown a
// certificate that is verified.
func (s *session) userMeter() (m meter, ok bool) {
	r := s.conf.limits.user
	if r.perHour == 0 {
		return meter{}, false
	}
	name := s.login.user
	if name == "" {
		name, _ = smtp.DecodeXtext(s.rec.Value("ccert_subject"))
	}
	if name == "" {
		return meter{}, false
	}
	return meter{s.store.Rate("user:"+strings.ToLower(name), r.perHour, r.max), "MaxMsgsPerUser"}, true
}

// rcptMeters are the buckets that a recipient goes into.
func (s *session) rcptMeters() (list []meter) {
	if m, ok := s.addressMeter(s.conf.limits.messages, "MaxMsgsPerIP", "msgs"); ok {
		list = append(list, m)
	}
	if m, ok := s.userMeter(); ok {
		list = append(list, m)
	}
	return list
}

// overMeter is the verdict when a bucket has no room for wait, or when err says
// that nobody knows: a limit that cannot be kept lets nobody pass. code is the
// reply's, 450 or 421.
func (s *session) overMeter(m meter, code int, wait time.Duration, err error) check.Verdict {
	v := check.Verdict{Action: check.Defer, Check: m.directive}
	if err == nil {
		v.Reason = "room in " + wait.Round(time.Second).String()
		v.Reply = smtp.Say(code, smtp.MailFlood, "too much load from you, try again later")
		return v
	}
	s.complain(maillog.Err, m.directive, err)
	if code == 450 {
		code = 451 // RFC 5321 4.2.3: ours, not the mailbox's
	}
	v.Reason = err.Error()
	v.Reply = smtp.Say(code, smtp.OtherSystem, "local error, try again later")
	return v
}

// overRate is the verdict on one recipient more when a bucket has no room for
// it, before anything is spent on it.
func (s *session) overRate(ctx context.Context) check.Verdict {
	for _, m := range s.rcptMeters() {
		if ok, wait, err := m.Peek(ctx, 1, s.now()); !ok || err != nil {
			return s.overMeter(m, 450, wait, err)
		}
	}
	return check.Verdict{}
}

// countRcpt puts an accepted recipient into all buckets or, when one of them
// has no room, into none. Sessions side by side may have taken it meanwhile.
func (s *session) countRcpt(ctx context.Context) check.Verdict {
	meters := s.rcptMeters()
	for i, m := range meters {
		ok, wait, err := m.Take(ctx, 1, s.now())
		if ok && err == nil {
			continue
		}
		for _, earlier := range meters[:i] {
			earlier.Take(context.WithoutCancel(ctx), -1, s.now())
		}
		return s.overMeter(m, 450, wait, err)
	}
	return check.Verdict{}
}

// vouched says whether the client may relay. Where that depends on its name,
// this is found out now.
func (s *session) vouched() bool {
	if len(s.conf.wire.trustedDomains) > 0 {
		s.findName()
		s.trustByName()
	}
	return s.facts.Trusted
}

// keepOut asks smtpfilter, once in a session, to keep new connections of the
// client away. A client that may relay is never kept out, nor is this host.
func (s *session) keepOut(directive string, wait time.Duration) {
	a := s.peer.client.Addr()
	if len(s.conf.limits.filter) == 0 || s.keptOut || !a.IsValid() || s.onThisHost() {
		return
	}
	if s.vouched() {
		return
	}
	s.keptOut = true
	wait = min(max(wait, leastFilter), filter.Longest)
	err := filter.Ask(filepath.Join(s.conf.places.Lib(), "filter"),
		filter.Entry{Net: filter.Net(a), Expires: s.now().Add(wait), Reason: directive})
	if err != nil {
		s.complain(maillog.Warning, "SMTPFilter", err)
	}
}
