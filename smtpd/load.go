package main

import (
	"postern/lib/maillog"
	"postern/lib/smtp"
)

// tooLoaded is the reply to a client that is sent away because of the load: 421.
func (s *session) tooLoaded() smtp.Reply {
	s.rec.Set("reason", "load average")
	return smtp.Say(421, smtp.NotAccepting, "the system is too loaded to take mail now, try again later")
}

// loaded says whether the load average of the last minute is above a limit.
// Where it cannot be known it is not.
func (srv *server) loaded(limit int) bool {
	load, err := srv.load()
	if err != nil {
		srv.complain(maillog.Warning, "load", err)
		return false
	}
	return load > limit
}
