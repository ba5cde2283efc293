package main

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"postern/lib/conf"
	"postern/lib/deliver"
	"postern/lib/dns"
	"postern/lib/greylist"
	"postern/lib/place"
	"postern/lib/sysexits"
)

// Defaults of limits, with the sections of RFC 5321 that say the least or the most.
const (
	defaultSize    = 100 << 20        // octets of a message
	defaultRcpts   = 1000             // recipients of a message; at least 100 (4.5.3.1.8)
	commandTimeout = 5 * time.Minute  // 4.5.3.2.7
	dataTimeout    = 10 * time.Minute // 4.5.3.2.6
	mailerTimeout  = 8 * time.Minute  // within the client's 10 for its dot (4.5.3.2.6)
	longestWait    = 24 * time.Hour   // that any of these may be set to
	minDataRate    = 64               // octets a second that a message must come at
	defaultErrors  = 20               // refused commands in a session
	defaultUnknown = 10               // unknown commands in a session
	resolveTimeout = 3 * time.Second  // for the client's name
)

// config is all that is in force.
type config struct {
	flags  *flags
	places place.Places
	table  *conf.Table

	mail         deliver.Config // host name, own domains, aliases, mailboxes, queue
	trusted      []netip.Prefix
	mailer       []string // external mailer and its arguments; none: deliver ourselves
	mailerDSN    bool
	mailerWait   time.Duration
	maxSize      int64
	maxRcpts     int
	maxErrors    int
	maxUnknown   int
	maxLine      int
	commandWait  time.Duration
	dataWait     time.Duration
	tls          tlsSettings
	banner       []string
	help         []string
	etcDir       string
	logPriority  string
	logTag       string
	logTo        string
	trace        bool
	traceDir     string
	resolver     string
	dns          dns.Resolver
	clientName   bool
	heloClaims   bool
	heloExists   bool
	refuseEager  bool
	allowPercent bool
	vrfy, expn   bool
	guard        guard
	auth         authConfig
	wire         wire
	submission   submission
	mailerForm   mailerForm
	origin       origin
	greylist     greylist.Config
	limits       limits
	syn          synConfig
	netPath      bool
}

func defaultConfig(f *flags, places place.Places) *config {
	return &config{
		flags:       f,
		places:      places,
		maxSize:     defaultSize,
		maxRcpts:    defaultRcpts,
		maxErrors:   defaultErrors,
		maxUnknown:  defaultUnknown,
		mailerWait:  mailerTimeout,
		commandWait: commandTimeout,
		dataWait:    dataTimeout,
		tls:         defaultTLS(),
		etcDir:      places.Etc(),
		logPriority: "mail.info",
		clientName:  true,
		heloClaims:  true,
		traceDir:    filepath.Join(places.Lib(), "smtpdb"),
		guard:       defaultGuard(),
		auth:        defaultAuth(),
		wire:        defaultWire(),
		submission:  defaultSubmission(),
		mailerForm:  mailerForm{emptySender: "<>"},
		origin:      defaultOrigin(),
		greylist:    greylist.NewConfig(),
		syn:         defaultSyn(places.Run()),
	}
}

// loadConfig puts together defaults, the file and the flags. Even with an error
// there is a config, by which the error can be logged and reported. Warnings are
// about lines of the old programs' files that mean nothing here.
func loadConfig(f *flags, places place.Places) (*config, conf.Warnings, error) {
	c := defaultConfig(f, places)
	c.table = c.directives()
	warnings, err := c.table.ReadFile(conf.Source{Spec: f.config, Usual: filepath.Join(places.Etc(), "smtpd.conf")})
	return c, warnings, errors.Join(err, c.applyFlags(), c.complete(), c.completeAuth(), c.completeGreylist())
}

// applyFlags gives the command line the last word.
func (c *config) applyFlags() error {
	var errs []error
	set := func(flag, directive, value string) {
		if value != "" {
			errs = append(errs, c.table.Flag(flag, directive, value))
		}
	}
	f := c.flags
	set("-h", "Hostname", f.hostname)
	set("-c", "SSLcert", f.cert)
	set("-c", "SSLkey", f.cert)
	set("-m", "Mailer", f.mailer)
	if f.authClear {
		set("-p", "AuthPlainClear", "1")
	}
	errs = append(errs, c.applyGuards()...)
	set("-L", "MaxLoad", f.load)
	set("-R", "Verifier", f.router)
	if len(f.log) > 0 {
		errs = append(errs, c.table.Flag("-l", "SessionLog", f.log...))
	}
	if c.resolver == "" {
		c.resolver = os.Getenv(place.ResolverEnv)
	}
	return errors.Join(errs...)
}

// complete fills in what depends on the rest.
func (c *config) complete() (err error) {
	if err := c.tls.complete(c.below, c.places.Lib()); err != nil {
		return err
	}
	c.guard.complete(c)
	c.wire.complete(c)
	if c.dns, err = dns.Select(c.resolver, c.flags.zone); err != nil {
		return err
	}
	err = c.mail.FindHostname()
	c.origin.complete(c)
	return err
}

// below is the path of a file that the configuration names: below EtcDir unless it
// is absolute; "" stays "".
func (c *config) below(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.etcDir, name)
}

// report is --check: it prints what is in force, or all that is wrong.
func (c *config) report(warnings conf.Warnings, err error, stdout, stderr io.Writer) int {
	complain := func(err error) { fmt.Fprintf(stderr, "smtpd: %v\n", err) }
	for _, w := range warnings {
		complain(fmt.Errorf("%w (ignored)", w))
	}
	if err != nil {
		complain(err)
		return sysexits.Config
	}
	c.checkUsers(stderr)
	c.checkLists(stderr)
	for _, err := range slices.Concat(c.origin.check(c), deliver.New(c.mail, c.places).Check()) {
		complain(err)
	}
	if err := c.checkMailer(); err != nil {
		fmt.Fprintf(stderr, "smtpd: Mailer: %v\n", err)
	}
	if err := c.table.Check(stdout); err != nil {
		complain(err)
		return sysexits.IOErr
	}
	if err := c.tls.trouble(time.Now()); err != nil {
		complain(err)
	}
	if c.places.Root() == "" && os.Geteuid() == 0 {
		c.tls.warnOfRoots(stderr)
	}
	return sysexits.OK
}
