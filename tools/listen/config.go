package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"postern/lib/conf"
	"postern/lib/loadavg"
	"postern/lib/place"
	"postern/lib/prog"
	"postern/lib/sysexits"
)

// Defaults. Postfix's are 100 processes and 50 connections from one client;
// ours take less memory each.
const (
	defaultPort    = 25
	defaultTotal   = 400
	defaultEach    = 50
	defaultBacklog = 1024
	defaultStop    = 5 * time.Minute
	defaultUses    = 1000 // connections that a worker serves
)

// Bounds of what may be asked for.
const (
	maxSessions = 1 << 20
	maxWorkers  = 1000
	maxBuffer   = 1 << 30
)

// config is all that is in force.
type config struct {
	flags  *flags
	places place.Places
	table  *conf.Table

	addresses      []address // of the file
	port           int
	total          int // sessions at once; what waits for a worker is one too
	each           int // sessions at once from one address
	backlog        int
	rcvbuf         int // octets, 0: the system's
	sndbuf         int
	load           int
	proxies        []netip.Prefix
	workers        workers
	user           string
	trustedDomains []string // by whose names nobody is known here
	filter         []string // SMTPFilter, which smtpfilter runs
	pidFile        string
	stopWait       time.Duration

	program string   // full path
	argv    []string // with argv[0]
}

func defaultConfig(f *flags, places place.Places) *config {
	return &config{
		flags:    f,
		places:   places,
		port:     defaultPort,
		total:    defaultTotal,
		each:     defaultEach,
		backlog:  defaultBacklog,
		load:     loadavg.Never,
		workers:  workers{uses: defaultUses, atOnce: 1},
		stopWait: defaultStop,
	}
}

// loadConfig puts together defaults, the file and the flags. Warnings are
// about lines of the old programs' files that mean nothing here.
func loadConfig(f *flags, places place.Places) (*config, conf.Warnings, error) {
	c := defaultConfig(f, places)
	c.table = c.directives()
	warnings, err := c.table.ReadFile(conf.Source{
		Spec:    f.config,
		Usual:   filepath.Join(places.Etc(), "smtpd.conf"),
		Foreign: true, // smtpd's, which complains of what nobody knows
	})
	err = errors.Join(err, c.applyFlags(), c.findProgram())
	c.load = loadavg.Limit(c.load)
	c.total, c.each = cmp.Or(c.total, defaultTotal), cmp.Or(c.each, defaultEach)
	return c, warnings, err
}

// applyFlags gives the command line the last word.
func (c *config) applyFlags() error {
	f := c.flags
	var errs []error
	for _, o := range []struct{ flag, directive, value string }{
		{"-p", "BindPort", f.port},
		{"-c", "MaxClients", f.total},
		{"-m", "MaxConPerIP", f.each},
		{"-b", "ListenQueueSize", f.backlog},
		{"-L", "MaxLoad", f.load},
		{"-w", "Workers", f.workers},
		{"-u", "User", f.user},
		{"-I", "PidFile", f.pidFile},
	} {
		if o.value != "" {
			errs = append(errs, c.table.Flag(o.flag, o.directive, o.value))
		}
	}
	if len(f.proxies) > 0 {
		errs = append(errs, c.table.Flag("--proxy", "ProxyNetworks", f.proxies...))
	}
	return errors.Join(errs...)
}

// findProgram finds what is to be started: a path as it stands, a bare name
// among the sister programs, smtpd when nothing is said.
func (c *config) findProgram() (err error) {
	c.argv = c.flags.program
	if len(c.argv) == 0 {
		c.argv = []string{"smtpd"}
	}
	if strings.Contains(c.argv[0], "/") {
		if c.program, err = filepath.Abs(c.argv[0]); err != nil {
			return err
		}
		return startable(c.program)
	}
	if c.program, err = prog.Find(c.places, c.argv[0]); err != nil {
		return fmt.Errorf("%w; any other program is named by its path", err)
	}
	return nil
}

// startable says why the file cannot be a program: better now than to each
// client.
func startable(path string) error {
	fi, err := os.Stat(path)
	if err == nil && (!fi.Mode().IsRegular() || fi.Mode().Perm()&0o111 == 0) {
		err = fmt.Errorf("%s: %w", path, fs.ErrPermission)
	}
	if err != nil {
		return fmt.Errorf("program: %w", err)
	}
	return nil
}

// checked says whether the program is one that can check its configuration.
func (c *config) checked() bool {
	return c.flags.checkProgram || filepath.Base(c.program) == "smtpd"
}

// wanted are the addresses to bind: those of the command line, else those of
// the file, else all.
func (c *config) wanted() ([]endpoint, error) {
	list := c.addresses
	if len(c.flags.addresses) > 0 {
		list = nil
		for _, text := range c.flags.addresses {
			a, err := parseAddress(text)
			if err != nil {
				return nil, err
			}
			list = append(list, a)
		}
	}
	if len(list) == 0 {
		list = []address{{}}
	}
	return endpoints(list, uint16(c.port), families{v4: !c.flags.v6, v6: !c.flags.v4})
}

// fromProxy says whether connections from addr begin with a PROXY header.
func (c *config) fromProxy(addr netip.Addr) bool {
	return slices.ContainsFunc(c.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// report is --check: what is in force.
func (c *config) report(stdout, stderr io.Writer) int {
	if err := c.table.Check(stdout); err != nil {
		fmt.Fprintf(stderr, "listen: %v\n", err)
		return sysexits.IOErr
	}
	return sysexits.OK
}
