package main

import (
	"path/filepath"

	"postern/lib/check"
	"postern/lib/dns"
	"postern/lib/maillog"
	"postern/lib/queue"
)

// recording is a copy of the server for one session whose DNS answers are kept
// (DNSRecord). Each session has a file of its own, and asks DNS anew, so that a
// decision can be explained by the answers that it was made from. end is called
// after the session.
func (srv *server) recording() (with *server, end func()) {
	c, one := *srv.conf, *srv
	one.conf = &c
	c.origin.recorded = filepath.Join(c.origin.answers, queue.NewID(srv.now())+".zone")
	answers := dns.NewRecorder(srv.conf.dns, &lateFile{path: c.origin.recorded})
	c.dns = answers
	one.policy = check.New(check.Order(one.policyConfig()), one.brokenCheck)
	return &one, func() {
		if err := answers.Close(); err != nil {
			srv.complain(maillog.Warning, "dns-record", err)
		}
	}
}
