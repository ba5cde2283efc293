package main

import (
	"context"
	"io"
	"os"
	"strconv"

	"postern/lib/caller"
	"postern/lib/conf"
	"postern/lib/maillog"
	"postern/lib/smtp"
	store "postern/lib/state"
	"postern/lib/sysexits"
)

// submission is what the directives say about mail of this host's users.
type submission struct {
	messages rate // of one user
}

func defaultSubmission() submission { return submission{messages: rate{1000, 200}} }

var submissionRows = []conf.Row[submission]{
	{Name: "MaxMsgsPerCaller", Args: "per-hour [at-once]", Default: "1000 200",
		Value: func(l *submission) conf.Value { return l.messages.value() },
		Help:  "Messages that one user of this host may hand in by smtpd --submit an hour, and at once; 0 for no limit. Root has none."},
}

// serveSubmission serves a user of this host on the Unix socket at which send
// hands in the mail of those who cannot write the queue. Who he is the kernel
// says.
func (srv *server) serveSubmission(stdin io.Reader, stdout io.Writer) int {
	in, out := connection(stdin, stdout)
	f, ok := in.(*os.File)
	if !ok {
		f = os.Stdin
	}
	uid, err := caller.Of(int(f.Fd()))
	if err != nil {
		srv.logf(maillog.Err, "error", "--submit: standard input is no connection of a user of this host: "+err.Error())
		return sysexits.Usage
	}
	srv.serve(stdConn(in, out), peer{local: true, submits: true, uid: uid})
	return sysexits.OK
}

// trustCaller makes a session one with a user of this host, who may send
// anywhere and need not say HELO. Lines of his may end in LF.
func (s *session) trustCaller(uid int) {
	s.in.LF = true
	s.facts.Trusted, s.facts.Caller = true, true
	s.facts.Helo, s.state = "localhost", greeted
	s.rec.Set("client_ident", caller.Ident(uid))
}

// handedIn is the rate of messages from the calling user; ok is false for one
// who is not counted.
func (s *session) handedIn() (r store.Rate, ok bool) {
	limit := s.conf.submission.messages
	if !s.peer.submits || s.peer.uid == 0 || limit.perHour == 0 {
		return store.Rate{}, false
	}
	return s.store.Rate("caller:"+strconv.Itoa(s.peer.uid), limit.perHour, limit.max), true
}

// countCaller counts a message that was taken.
func (s *session) countCaller(ctx context.Context) {
	if r, ok := s.handedIn(); ok {
		if _, _, err := r.Take(ctx, 1, s.now()); err != nil {
			s.complain(maillog.Err, "submission", err)
		}
	}
}

// flooded refuses the message of a user who has handed in too many. Where that
// cannot be known, he is to come back.
func (s *session) flooded(ctx context.Context) *smtp.Reply {
	r, ok := s.handedIn()
	if !ok {
		return nil
	}
	ok, _, err := r.Peek(ctx, 1, s.now())
	switch {
	case err != nil:
		s.complain(maillog.Err, "submission", err)
		return refusal(451, smtp.OtherSystem, "local error, try again later")
	case !ok:
		return refusal(450, smtp.MailFlood, "too many messages from this user, try again later")
	}
	return nil
}
