package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"postern/lib/auth"
	"postern/lib/check"
	"postern/lib/conf"
	"postern/lib/deliver"
	"postern/lib/loadavg"
	"postern/lib/maillog"
	"postern/lib/smtp"
	store "postern/lib/state"
	"postern/lib/sysexits"
	"postern/lib/tlsconf"
)

// A server is what the sessions of one process share. It does not change while
// sessions run; what changes is in the session.
type server struct {
	conf   *config
	verbs  []verb
	log    *maillog.Logger
	certs  *tlsconf.ServerCerts // nil: no TLS
	mail   *deliver.Deliverer
	policy *check.Policy
	lists  *check.Lists   // nil: there are none
	slow   []netip.Prefix // SlowNets, whose HELO is answered after LongDelay
	now    func() time.Time
	sleep  func(*session, time.Duration) bool // false: the client is gone

	store   *store.Store // what processes share
	backend auth.Backend // nil: no AUTH

	// What the machine says; tests put something else in its place.
	free      func(dir string) (int64, error) // octets
	load      func() (int, error)             // average
	identPort uint16

	repeats *repeats
}

// newServer prepares all that sessions need and opens nothing: what only
// some of them use (certificates, DNS, alias files) is touched when used.
func newServer(c *config, stderr io.Writer) *server {
	srv := &server{conf: c, verbs: c.language(), now: time.Now, sleep: sleepUntilGone,
		free: freeOctets, load: loadavg.Average, identPort: identPort, repeats: new(repeats)}
	srv.log = openLog(c, stderr)
	srv.certs = c.tls.server()
	srv.mail = deliver.New(c.mail, c.places)
	srv.store = store.Open(filepath.Join(c.places.Lib(), "state"))
	srv.backend = srv.newBackend()
	srv.lists = check.NewLists(c.guard.lists, srv.now, srv.badList)
	if c.guard.heloDelay > 0 {
		srv.slow = slowPrefixes(c.guard.slowNets)
	}
	srv.policy = check.New(check.Order(srv.policyConfig()), srv.brokenCheck)
	return srv
}

// policyConfig is the configuration as lib/check has it.
func (srv *server) policyConfig() check.Config {
	c := srv.conf
	return check.Config{
		Own:          srv.ownNames(),
		HeloClaims:   c.heloClaims,
		HeloExists:   c.heloExists,
		SenderDomain: c.guard.senderDomain,
		RefuseEager:  c.refuseEager,
		AllowPercent: c.allowPercent,
		NamedOnly:    c.wire.dnsFail < "2",
		SPFMarks:     c.origin.spf == "1",
		BackupMX:     c.origin.backup,
		NoCheck:      c.origin.noCheck,
		Address:      thisHost,
		Resolver:     c.dns,
		Lists:        srv.lists,
		Greylist:     c.openGreylist(),
		Now:          func() time.Time { return srv.now() },
		Recipient:    srv.presence,
		Unfiltered:   srv.unfiltered,

		ValidateAddress: c.hook(c.guard.validateAddress),
		ValidateSender:  c.hook(c.guard.validateSender),
		NetDir:          c.flags.netdir,
		Environ:         environ,
	}
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

// badList logs what is wrong with a line of a list.
func (srv *server) badList(err error) {
	srv.logf(maillog.Warning, "error", err.Error())
}

// brokenCheck logs that a check could not do its work.
func (srv *server) brokenCheck(name string, err error) {
	srv.complain(maillog.Warning, name, err)
}

// warn logs what of the configuration means nothing here.
func (srv *server) warn(warnings []error) {
	for _, w := range warnings {
		srv.logf(maillog.Warning, "error", w.Error())
	}
}

// lastWordLimit is how long a client may take to read that we are not configured.
const lastWordLimit = 30 * time.Second

// misconfigured tells the client to come back later (421), since a mistake in the
// configuration must not bounce mail, and the log what is wrong.
func (srv *server) misconfigured(stdin io.Reader, stdout io.Writer, err error) int {
	srv.logf(maillog.Err, "error", err.Error(), "verdict", "defer")
	c := stdConn(stdin, stdout)
	c.SetDeadline(srv.now().Add(lastWordLimit))
	c.Write(smtp.Say(421, smtp.BadConfiguration, "this host is not configured, try again later").Append(nil, true))
	if errors.As(err, new(*conf.FlagError)) {
		return sysexits.Usage
	}
	return sysexits.Config
}

// serveOne serves the session on the program's own standard input and output.
func (srv *server) serveOne(stdin io.Reader, stdout io.Writer) int {
	if fd := listener(stdin); fd >= 0 {
		srv.logf(maillog.Err, "error", "descriptor "+strconv.Itoa(fd)+" is a listening socket; smtpd serves one connection: start listen (listen.service), or set Accept=yes in the socket unit")
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
	if srv.drops(p.client.Addr()) {
		return sysexits.OK
	}
	srv.serve(stdConn(in, out), p)
	return sysexits.OK
}

// serve runs one session to its end. A fault of ours at its beginning or end
// costs this session, not those beside it.
func (srv *server) serve(c net.Conn, p peer) {
	defer func() {
		if p := recover(); p != nil {
			srv.logf(maillog.Err, "error", fmt.Sprintf("panic: %v", p), "stack", string(debug.Stack()))
			c.Close()
		}
	}()
	if srv.conf.origin.answers != "" {
		var end func()
		srv, end = srv.recording()
		defer end()
	}
	s := newSession(srv, c, p)
	defer s.end()
	s.run(context.Background())
}

// drops says whether a client is dropped without a word (-k, DropNets).
func (srv *server) drops(a netip.Addr) bool { return contains(srv.conf.guard.drop, a) }

// trusts says whether a client may relay: one of TrustedNet, or one for which
// the ratify tree vouches, as far as that can be read.
func (srv *server) trusts(a netip.Addr) (bool, error) {
	if contains(srv.conf.trusted, a) {
		return true, nil
	}
	ok, err := srv.lists.Trusted(a)
	if err != nil {
		srv.brokenCheck("trusted", err)
	}
	return ok, err
}

// ownNames are the names that a stranger may not claim: our host's and our domains.
func (srv *server) ownNames() []string {
	return append([]string{srv.conf.mail.Hostname}, srv.conf.mail.Domains...)
}

// tlsConfig is the server's TLS settings, or nil when TLS is not to be had,
// for which the log has the reason.
func (srv *server) tlsConfig() *tls.Config {
	if srv.certs == nil {
		return nil
	}
	c, err := srv.certs.Config(srv.now())
	if err != nil {
		srv.complain(maillog.Warning, "tls", err)
	}
	return c
}

func contains(nets []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(nets, func(n netip.Prefix) bool { return n.Contains(a) })
}
