package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"postern/lib/arg"
	"postern/lib/netpath"
	"postern/lib/place"
	"postern/lib/plot"
	"postern/lib/record"
	"postern/lib/state"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

const (
	// jobs is how many paths a filter looks for at once, unless -j says fewer: to
	// 64 hosts that are silent go as many probes as the rate allows, and more
	// would find nothing sooner, but wait for one another until it is too late.
	jobs = 64
	// limit is the time limit of one path and its names.
	limit = 10 * time.Second
	// keep is how old a path from the cache may be, unless --keep says so.
	keep = 10 * time.Minute
)

// hopsWord is the attribute that says which hops are wanted, as the operand does.
const hopsWord = "hops"

// program is what the command line asks for besides what all tools have.
type program struct {
	stdin io.Reader

	verbose, numeric, fresh, compare bool

	plot      plot.Option
	dir, keep string

	tcp, icmp bool
	port      uint16
}

func (p *program) tool() *tool.Program {
	return &tool.Program{
		Name:     "netpath",
		Synopsis: "[-v] [--numeric] [--tcp[=port]] [--icmp] [--fresh] [--keep seconds] [-s folder] [--plot[=text|svg]] [--compare] [ip [ip] [hops]]",
		Sets:     append(netpath.Attributes(), attrNames, attrRTT),
		Jobs:     jobs,
		Limit:    limit,
		Flags:    p.flags,
		Words:    words,
		Open:     p.open,
		Mode:     p.mode,
	}
}

func (p *program) flags(s *arg.Set) {
	s.Bool(&p.verbose, "v", "tell round trips, and names of routers")
	s.Bool(&p.numeric, "numeric", "ask for no names")
	s.Optional("tcp", "port", "probe with SYNs, to port 25 unless said", p.setTCP)
	s.Bool(&p.icmp, "icmp", "probe with echo requests")
	s.Optional("plot", plot.Names, "draw a path, or two, as SVG unless on a terminal", p.plot.Set)
	s.Bool(&p.compare, "compare", "draw the path that is known from before and the one of now")
	s.Bool(&p.fresh, "fresh", "measure each path, and neither use nor fill the cache")
	s.String(&p.keep, "keep", "seconds", "take paths from the cache that are younger than this")
	s.String(&p.dir, "s", "folder", "where the state is kept")
}

// setTCP takes the port of --tcp.
func (p *program) setTCP(port string) error {
	p.tcp = true
	if port == "" {
		return nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return fmt.Errorf("%.20q is no port", port)
	}
	p.port = uint16(n)
	return nil
}

// mode sees that the options and operands go together, and draws where that is
// asked for.
func (p *program) mode(e *tool.Env, operands []string) (status int, done bool) {
	p.plot.On = p.plot.On || p.compare
	if why := p.mistake(e, operands); why != "" {
		fmt.Fprintf(e.Stderr, "netpath: %s\n", why)
		return sysexits.Usage, true
	}
	if !p.plot.On || e.Check {
		return 0, false
	}
	return p.draw(e, operands), true
}

// mistake says what does not go together.
func (p *program) mistake(e *tool.Env, operands []string) string {
	switch {
	case p.tcp && p.icmp:
		return "only one of --tcp and --icmp"
	case p.plot.On && (e.Policy || e.JSON):
		return "--plot draws, and cannot be with -P or -J"
	case p.compare && len(operands) == 0:
		return "--compare needs an address"
	case p.plot.On || len(operands) == 0:
		return ""
	case len(operands) > 2:
		return "operands are an address and a number of hops"
	case len(operands) == 2 && !isNumber(operands[1]):
		return fmt.Sprintf("%.60q is no number of hops", operands[1])
	}
	return ""
}

func isNumber(word string) bool {
	_, err := strconv.Atoi(word)
	return err == nil
}

// words makes a record of "ip [hops]", and of more words as all tools do.
func words(w []string) (record.Record, error) {
	if len(w) != 2 || !isNumber(w[1]) {
		return tool.Words(w)
	}
	r, err := tool.Words(w[:1])
	r.Set(hopsWord, w[1])
	return r, err
}

// open makes the check.
func (p *program) open(e *tool.Env) (tool.Checker, error) { return p.checker(e) }

func (p *program) checker(e *tool.Env) (*checker, error) {
	c := &checker{program: p, Env: e}
	c.tracer.Keep = keep
	if p.keep != "" {
		n, err := strconv.ParseUint(p.keep, 10, 31)
		if err != nil {
			return nil, &tool.UsageError{Err: fmt.Errorf("option --keep: %.20q is no number of seconds", p.keep)}
		}
		c.tracer.Keep = time.Duration(n) * time.Second
	}
	switch {
	case p.tcp:
		c.tracer.Method, c.tracer.Port = netpath.TCP, p.port
	case p.icmp:
		c.tracer.Method = netpath.ICMP
	}
	if p.dir == "" {
		p.dir = filepath.Join(place.New(os.Getenv(place.RootEnv)).Lib(), "state")
	}
	c.tracer.Store = state.Open(p.dir)
	c.tracer.Complain = func(err error) { c.debug("nothing is shared: " + err.Error()) }
	c.tracer.Fresh = p.fresh
	c.tracer.Share = !e.Operands
	e.Jobs = min(e.Jobs, jobs)
	return c, nil
}
