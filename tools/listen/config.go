package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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

// workers is -w: how many programs stay, how many connections each serves
// before it is replaced, and how many of them at once. With n 0 a program is
// started for each connection.
type workers struct{ n, uses, atOnce int }

// parseWorkers reads n[:uses[:at-once]].
func parseWorkers(s string) (workers, error) {
	w := workers{uses: defaultUses, atOnce: 1}
	bounds := []struct {
		to  *int
		max int
	}{{&w.n, maxWorkers}, {&w.uses, math.MaxInt32}, {&w.atOnce, maxSessions}}
	for i, word := range strings.Split(s, ":") {
		if i == len(bounds) {
			return workers{}, fmt.Errorf("%q is not n[:uses[:at-once]]", s)
		}
		n, err := strconv.ParseUint(word, 10, 31)
		if err != nil || int(n) > bounds[i].max {
			return workers{}, fmt.Errorf("%q is not n[:uses[:at-once]]", s)
		}
		*bounds[i].to = int(n)
	}
	if w.atOnce == 0 {
		return workers{}, fmt.Errorf("%q: a worker needs at least one connection at once", s)
	}
	return w, nil
}

// String is the form that parseWorkers reads.
func (w workers) String() string { return fmt.Sprintf("%d:%d:%d", w.n, w.uses, w.atOnce) }

// directives is the table of what listen obeys of smtpd.conf(5).
func (c *config) directives() *conf.Table { return conf.NewTable(conf.Of(rows, c)) }

var rows = []conf.Row[config]{
	{Name: "BindAddr", Synonyms: []string{"BindAddress", "Listen"}, Args: "address [port]", Repeat: true,
		Value: (*config).bindValue,
		Old:   conf.Old{Avenger: "0.0.0.0 25", Proxsmtpd: "10025"},
		Help:  "Where to listen: an address, any, any6, iface:name, a port alone, or the path of a Unix socket. Without it, all addresses of the host."},
	{Name: "BindPort", Args: "port", Default: "25",
		Value: func(c *config) conf.Value { return conf.Int(&c.port, 0, math.MaxUint16) },
		Help:  "The port of addresses that name none."},
	{Name: "MaxClients", Synonyms: []string{"MaxParallelConnections", "MaxConnections"}, Args: "number", Default: "400",
		Old:   conf.Old{Avenger: "60", ZMailer: "800", Proxsmtpd: "64"},
		Value: func(c *config) conf.Value { return conf.Int(&c.total, 1, maxSessions) },
		Help:  "Sessions at once, whoever the clients are, as with MaxConPerIP. Further clients are told to come later (450), and from 100 beyond closed in silence."},
	{Name: "MaxConPerIP", Synonyms: []string{"MaxSameIpSource", "same-ip-source-parallel-max"}, Args: "number", Default: "50",
		Old:   conf.Old{Avenger: "10", ZMailer: "100"},
		Value: func(c *config) conf.Value { return conf.Int(&c.each, 1, maxSessions) },
		Help:  "Sessions at once from one address, for IPv6 from one /64, be it trusted or not: who is in a TrustedDomain is not known before the session. Further ones are told to come later (450), from four times as many closed in silence."},
	{Name: "ListenQueueSize", Args: "number", Default: "1024",
		Value: func(c *config) conf.Value { return conf.Int(&c.backlog, 1, math.MaxInt32) },
		Old:   conf.Old{ZMailer: "20000"},
		Help:  "Connections that the kernel keeps until they are accepted; it has a limit of its own, net.core.somaxconn."},
	{Name: "TcpRcvBufferSize", Args: "octets", Default: "0",
		Value: func(c *config) conf.Value { return conf.Int(&c.rcvbuf, 0, maxBuffer) },
		Help:  "The kernel's receive buffer for each connection; 0 leaves it to the system."},
	{Name: "TcpXmitBufferSize", Args: "octets", Default: "0",
		Value: func(c *config) conf.Value { return conf.Int(&c.sndbuf, 0, maxBuffer) },
		Help:  "The kernel's send buffer for each connection; 0 leaves it to the system."},
	{Name: "MaxLoad", Args: "number", Default: "999",
		Value: func(c *config) conf.Value { return conf.Int(&c.load, math.MinInt32, math.MaxInt32) },
		Help:  "Refuse connections (421) while the load average of the last minute is above this; less than 1 means 10, 999 never."},
	{Name: "ProxyNetworks", Args: "net ...", Repeat: true,
		Value: func(c *config) conf.Value { return conf.Nets(&c.proxies) },
		Help:  "Connections from these networks must begin with a header of the PROXY protocol, version 1 or 2, which names the client. From elsewhere it is not understood."},
	{Name: "Workers", Args: "n[:uses[:at-once]]", Default: "0:1000:1",
		Value: (*config).workersValue,
		Help:  "So many programs stay, each serving uses connections, at-once of them side by side. With 0 each connection has a program of its own."},
	{Name: "SMTPFilter", Args: "program",
		Value: func(c *config) conf.Value { return conf.Strings(&c.filter) },
		Help:  "Have new connections of an address filtered for a minute that has reached MaxConPerIP. It is smtpfilter(8) that runs the program, and knows whom not to."},
	{Name: "TrustedDomain", Args: "domain ...", Repeat: true,
		Value: func(c *config) conf.Value { return conf.Strings(&c.trustedDomains) },
		Help:  "Clients of these domains may relay, and are never filtered. By its address alone nobody can be told from them: with this directive SMTPFilter is left to smtpd, which knows names."},
	{Name: "User", Args: "user[:group]",
		Value: func(c *config) conf.Value { return conf.String(&c.user) },
		Help:  "Become this user once the sockets are bound."},
	{Name: "PidFile", Args: "file",
		Value: func(c *config) conf.Value { return conf.String(&c.pidFile) },
		Help:  "Keep the process number in this file."},
	{Name: "StopTimeout", Args: "seconds", Default: "5m",
		Value: func(c *config) conf.Value { return conf.Duration(&c.stopWait) },
		Help:  "How long sessions may go on after listen was told to stop."},
}

// bindValue takes an address and, behind it, a port.
func (c *config) bindValue() conf.Value {
	return conf.Value{
		Set: func(args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return errors.New("needs an address and perhaps a port")
			}
			a, err := parseAddress(args[0])
			if err == nil && len(args) == 2 {
				err = a.setPort(args[1])
				a.text += " " + args[1]
			}
			if err == nil {
				c.addresses = append(c.addresses, a)
			}
			return err
		},
		Show: func() (lines [][]string) {
			for _, a := range c.addresses {
				lines = append(lines, strings.Fields(a.text))
			}
			return lines
		},
		Reset: func() { c.addresses = nil },
	}
}

// workersValue takes what parseWorkers reads.
func (c *config) workersValue() conf.Value {
	return conf.Value{
		Set: func(args []string) (err error) {
			if len(args) != 1 {
				return errors.New("needs n[:uses[:at-once]]")
			}
			c.workers, err = parseWorkers(args[0])
			return err
		},
		Show: func() [][]string { return [][]string{{c.workers.String()}} },
	}
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
