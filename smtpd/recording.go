package main

import (
	"path/filepath"

	"postern/lib/check"
	"postern/lib/dns"
	"postern/lib/maillog"
	"postern/lib/queue"
)

// recording is the server as one session has it whose answers of DNS are kept
// (DNSRecord): in a file of its own, so that each decision is found with what it
// was made of, and not with what another session was told an hour before. end is
// called after the session.
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
