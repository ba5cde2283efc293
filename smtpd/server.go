package main

import (
	"context"
	"crypto/tls"
	"io"
	"net/netip"
	"os"
	"time"

	"postern/lib/check"
	"postern/lib/deliver"
	"postern/lib/maillog"
	"postern/lib/smtp"
	"postern/lib/sysexits"
	"postern/lib/tlsconf"
)

// A server is what the sessions of one process have in common. It does not
// change while sessions run: a session is a value of its own.
type server struct {
	conf   *config
	verbs  []verb
	log    *maillog.Logger
	certs  *tlsconf.ServerCerts // nil: no TLS
	mail   *deliver.Deliverer
	policy *check.Policy
	now    func() time.Time
}

// newServer prepares all that sessions need and opens nothing: what only
// some of them use (certificates, DNS, alias files) is touched when used.
func newServer(c *config, stderr io.Writer) *server {
	srv := &server{conf: c, verbs: verbs[:], now: time.Now}
	srv.log = openLog(c, stderr)
	if c.tls {
		srv.certs = tlsconf.Server(tlsconf.Options{Cert: c.cert, Key: c.key})
	}
	srv.mail = deliver.New(c.mail, c.places)
	srv.policy = check.New(check.Order(check.Config{
		Own:          append([]string{c.mail.Hostname}, c.mail.Domains...),
		HeloClaims:   c.heloClaims,
		HeloExists:   c.heloExists,
		RefuseEager:  c.refuseEager,
		AllowPercent: c.allowPercent,
		Resolver:     c.dns,
		Recipient:    srv.presence,
	}), srv.brokenCheck)
	return srv
}

// presence is deliver's answer in the words of lib/check.
func (srv *server) presence(ctx context.Context, m smtp.Mailbox) (check.Presence, error) {
	answer, err := srv.mail.Ask(ctx, m)
	switch answer {
	case deliver.Known:
		return check.Local, nil
	case deliver.Remote:
		return check.Remote, nil
	case deliver.Unknown:
		return check.Unknown, nil
	case deliver.Refused:
		return check.Closed, nil
	}
	return check.Broken, err
}

// brokenCheck logs that a check could not do its work.
func (srv *server) brokenCheck(name string, err error) {
	srv.logf(maillog.Warning, "check", name, "error", err.Error())
}

// warn logs what of the configuration means nothing here.
func (srv *server) warn(warnings []error) {
	for _, w := range warnings {
		srv.logf(maillog.Warning, "error", w.Error())
	}
}

// misconfigured tells a client to come back when somebody has mended the
// configuration, and the administrator what is wrong with it.
func (srv *server) misconfigured(stdin io.Reader, stdout io.Writer, err error) int {
	srv.logf(maillog.Err, "error", err.Error(), "verdict", "defer")
	c := stdConn(stdin, stdout)
	c.SetDeadline(srv.now().Add(30 * time.Second))
	c.Write(smtp.Say(421, smtp.BadConfiguration, "this host is not configured, try again later").Append(nil, true))
	return sysexits.Config
}

// serveOne serves the session on the program's own standard input and output.
func (srv *server) serveOne(stdin io.Reader, stdout io.Writer) int {
	if fd := listener(stdin); fd >= 0 {
		srv.logf(maillog.Err, "error", "descriptor "+itoa(fd)+" is a listening socket; smtpd serves one connection: start listen (listen.service), or set Accept=yes in the socket unit")
		return sysexits.Usage
	}
	in, out := connection(stdin, stdout)
	fd := -1
	if f, ok := in.(*os.File); ok {
		fd = int(f.Fd())
	}
	p, err := findPeer(fd, srv.conf.flags.netdir, os.Getenv)
	if err != nil {
		return srv.misconfigured(stdin, stdout, err)
	}
	if srv.evil(p.client.Addr()) {
		return sysexits.OK
	}
	srv.serve(stdConn(in, out), p)
	return sysexits.OK
}

// serve runs one session to its end.
func (srv *server) serve(c conn, p peer) {
	s := newSession(srv, c, p)
	defer s.end()
	s.run(context.Background())
}

// evil says whether a client is to be dropped without a word (-k).
func (srv *server) evil(a netip.Addr) bool { return contains(srv.conf.flags.evil, a) }

// tlsConfig is the server's TLS settings, or nil when TLS is not to be had,
// for which the log has the reason.
func (srv *server) tlsConfig() *tls.Config {
	if srv.certs == nil {
		return nil
	}
	c, err := srv.certs.Config()
	if err != nil {
		srv.logf(maillog.Warning, "error", err.Error())
		return nil
	}
	return c
}

func contains(nets []netip.Prefix, a netip.Addr) bool {
	for _, n := range nets {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
