package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"postern/lib/arg"
	"postern/lib/conf"
	"postern/lib/place"
	"postern/lib/synfp"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

// program is the options besides those that all tools have.
type program struct {
	fingerprint *string  // -f, nil when it was not given
	file        *string  // --read
	databases   []string // --db
	mtu         string   // --mtu
	collect     bool     // --collect
	socket      string   // --socket
	names       bool     // -v
	lines       bool     // -l
}

// jobs is how many clients a filter asks the collector about at once.
const jobs = 16

func newProgram() *tool.Program {
	p := new(program)
	return &tool.Program{
		Name:     "synfp",
		Synopsis: "[-lv] [-f fingerprint] [--read file] [--collect] [--db file ...] [--mtu octets] [--socket path] [tcp-port [ip [interface ...]]]",
		Sets:     []string{"syn_os"},
		Jobs:     jobs,
		Flags:    p.flags,
		Mode:     p.mode,
		Open:     p.open,
	}
}

func (p *program) flags(s *arg.Set) {
	s.Func("f", "fingerprint", "name the system of this fingerprint", given(&p.fingerprint))
	s.Func("read", "file", "print the SYNs of a capture instead of the network's", given(&p.file))
	s.Strings(&p.databases, "db", "file", "name systems by this file of pf.os(5) or p0f before our own")
	s.String(&p.mtu, "mtu", "octets", "the usual MTU, which windows may be multiples of; 0 for none")
	s.Bool(&p.collect, "collect", "answer sessions that ask for their clients' SYNs")
	s.String(&p.socket, "socket", "path", "the collector's socket")
	s.Bool(&p.names, "v", "print the system and the hops too")
	s.Bool(&p.lines, "l", "print records, for pipes")
}

// given notes an option's value, which is a mistake when it is empty, and not the
// same as none: a script's variable may be.
func given(value **string) func(string) error {
	return func(text string) error { *value = &text; return nil }
}

// config is what synfp obeys of smtpd.conf(5).
type config struct {
	mtu    int
	keep   int
	waitMs int
}

// Bounds of SynFpBuf, and of SynFpWait in milliseconds.
const (
	defaultKeep = 10000
	maxKeep     = 1 << 20
	defaultWait = 500
	mostWait    = int(maxWait / time.Millisecond)
)

var rows = []conf.Row[config]{
	{Name: "SynOsMTU", Args: "octets", Default: "1500",
		Value: func(c *config) conf.Value { return synfp.MTU(&c.mtu) },
		Help:  "As in smtpd.conf(5)."},
	{Name: "SynFpWait", Args: "milliseconds", Default: "500",
		Value: func(c *config) conf.Value { return conf.Int(&c.waitMs, 0, mostWait) },
		Help:  "How long a filter waits for the collector's answer about a client; at most 5000, and 0 for what it has seen already."},
	{Name: "SynFpBuf", Args: "number", Default: "10000", Old: conf.Old{Avenger: "100"},
		Value: func(c *config) conf.Value { return conf.Int(&c.keep, 1, maxKeep) },
		Help:  "SYNs that the collector keeps for sessions that have not yet asked for them."},
}

func places() place.Places { return place.New(os.Getenv(place.RootEnv)) }

// path is where the collector's socket is.
func (p *program) path() string {
	if p.socket != "" {
		return p.socket
	}
	return synfp.Socket(places().Run())
}

// load reads the configuration; the command line has the last word.
func (p *program) load(e *tool.Env) (config, error) {
	c := config{mtu: synfp.UsualMTU, keep: defaultKeep, waitMs: defaultWait}
	table := conf.NewTable(conf.Of(rows, &c))
	warnings, err := table.ReadFile(conf.Source{
		Spec: e.Config, Usual: filepath.Join(places().Etc(), "smtpd.conf"), Foreign: true,
	})
	for _, w := range warnings {
		fmt.Fprintf(e.Stderr, "synfp: %v (ignored)\n", w)
	}
	if p.mtu != "" {
		err = errors.Join(err, table.Flag("--mtu", "SynOsMTU", p.mtu))
	}
	return c, err
}

// database reads those of --db and puts our own behind them.
func (p *program) database() (*synfp.Database, error) {
	var list []*synfp.Database
	for _, name := range p.databases {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		d, err := synfp.Read(name, f)
		f.Close()
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return synfp.Join(append(list, synfp.Own())...), nil
}

// naming is how systems are named.
type naming struct {
	db  *synfp.Database
	mtu int
}

func (p *program) naming(e *tool.Env) (n naming, c config, err error) {
	if c, err = p.load(e); err != nil {
		return n, c, err
	}
	n.mtu = c.mtu
	n.db, err = p.database()
	return n, c, err
}

// name is the system in words, "" when none is known.
func (n naming) name(s *synfp.SYN) string {
	system, _ := n.db.NameSYN(s, n.mtu)
	return system.String()
}

// words says for people what system it is, and how far away.
func (n naming) words(s *synfp.SYN) string {
	system, ok := n.db.NameSYN(s, n.mtu)
	name := system.String()
	if !ok {
		name = "unknown"
	}
	hops := system.Hops(&s.Fingerprint)
	if hops == 1 {
		return name + ", 1 hop away"
	}
	return fmt.Sprintf("%s, %d hops away", name, hops)
}

// mode does what is no check: capturing, collecting, naming.
func (p *program) mode(e *tool.Env, operands []string) (status int, done bool) {
	if e.Policy || !e.Check && p.fingerprint == nil && p.file == nil && !p.collect && len(operands) == 0 {
		return 0, false
	}
	n, c, err := p.naming(e)
	if err != nil {
		return p.complain(e, tool.OpenStatus(err), err), true
	}
	if p.fingerprint != nil && !e.Check {
		return p.one(e, n), true
	}
	w, err := parseWanted(operands)
	if err != nil {
		return p.complain(e, sysexits.Usage, err), true
	}
	switch out := p.printer(e, n); {
	case e.Check:
		err = p.report(e.Stdout, w, n, c)
	case p.file != nil:
		err = readFile(*p.file, w, out.print)
	case p.collect:
		err = collect(p.path(), w, newBuffer(c.keep), n, e.Log)
	default:
		err = live(w, e.Log, out.print)
	}
	if err != nil {
		return p.complain(e, exitStatus(err), err), true
	}
	return sysexits.OK, true
}

func (p *program) complain(e *tool.Env, status int, err error) int {
	fmt.Fprintf(e.Stderr, "synfp: %v\n", err)
	return status
}

func exitStatus(err error) int {
	switch {
	case errors.Is(err, os.ErrPermission):
		return sysexits.NoPerm
	case errors.Is(err, os.ErrNotExist):
		return sysexits.NoInput
	case errors.Is(err, errFormat), errors.Is(err, errUnread):
		return sysexits.DataErr
	}
	return sysexits.OSErr
}

// one names the system of -f.
func (p *program) one(e *tool.Env, n naming) int {
	f, err := synfp.Parse(*p.fingerprint)
	if err != nil {
		return p.complain(e, sysexits.DataErr, err)
	}
	s := synfp.SYN{Fingerprint: f}
	if e.JSON || p.lines {
		err = p.printer(e, n).print(s)
	} else {
		_, err = fmt.Fprintln(e.Stdout, n.words(&s))
	}
	if err != nil {
		return p.complain(e, sysexits.IOErr, err)
	}
	return sysexits.OK
}
