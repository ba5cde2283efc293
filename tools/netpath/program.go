package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"postern/lib/arg"
	"postern/lib/dns"
	"postern/lib/netpath"
	"postern/lib/place"
	"postern/lib/record"
	"postern/lib/state"
	"postern/lib/tool"
)

const (
	// jobs is how many paths a filter looks for at once, unless -j says so.
	jobs = 64
	// limit is the time limit of one path.
	limit = 10 * time.Second
	// namesLimit is how long names are waited for.
	namesLimit = 2 * time.Second
	// keep is how old a path from the cache may be, unless --keep says so.
	keep = 10 * time.Minute
)

// hopsWord is the attribute that says which hops are wanted, as the operand does.
const hopsWord = "hops"

// program is what the command line asks for besides what all tools have.
type program struct {
	verbose, plot, fresh bool
	dir, keep            string
}

func (p *program) tool() *tool.Program {
	return &tool.Program{
		Name:     "netpath",
		Synopsis: "[-v] [--plot] [--fresh] [--keep seconds] [-s folder] [ip [hops]]",
		Sets:     netpath.Attributes(),
		Jobs:     jobs,
		Limit:    limit,
		Flags:    p.flags,
		Words:    words,
		Open:     p.open,
	}
}

func (p *program) flags(s *arg.Set) {
	s.Bool(&p.verbose, "v", "show round trips, and names of routers")
	s.Bool(&p.plot, "plot", "draw round trips")
	s.Bool(&p.fresh, "fresh", "measure each path, and neither use nor fill the cache")
	s.String(&p.keep, "keep", "seconds", "take paths from the cache that are younger than this")
	s.String(&p.dir, "s", "folder", "where the state is kept")
}

// words makes a record of "ip [hops]", and of more words as all tools do.
func words(w []string) (record.Record, error) {
	if len(w) != 2 {
		return tool.Words(w)
	}
	n, err := strconv.Atoi(w[1])
	if err != nil {
		return tool.Words(w)
	}
	r, err := tool.Words(w[:1])
	r.SetInt(hopsWord, int64(n))
	return r, err
}

// open makes the check.
func (p *program) open(e *tool.Env) (tool.Checker, error) {
	c := &checker{program: p, dns: e.DNS, dry: e.Dry, operands: e.Operands}
	c.tracer.Keep = keep
	if p.keep != "" {
		n, err := strconv.ParseUint(p.keep, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("option --keep: %q is no number of seconds", p.keep)
		}
		c.tracer.Keep = time.Duration(n) * time.Second
	}
	if p.dir == "" {
		p.dir = filepath.Join(place.New(os.Getenv(place.RootEnv)).Lib(), "state")
	}
	c.tracer.Store = state.Open(p.dir)
	c.tracer.Fresh = p.fresh
	c.tracer.Share = !e.Operands
	return c, nil
}

// checker finds the paths to clients.
type checker struct {
	*program
	tracer        netpath.Tracer
	dns           dns.Resolver
	dry, operands bool
}

// Check finds the path to the client of a record.
func (c *checker) Check(ctx context.Context, r *record.Record) (tool.Result, error) {
	addr, err := tool.ClientAddress(r)
	if err != nil {
		return nil, err
	}
	hops, _ := strconv.Atoi(r.Value(hopsWord))
	path, err := c.find(ctx, addr, hops)
	if errors.Is(err, netpath.ErrAddress) {
		return nil, fmt.Errorf("%w: %w", tool.ErrInput, err)
	}
	if err != nil {
		return nil, err
	}
	res := &result{Path: path, hops: hops, form: c.program}
	if c.verbose && c.operands {
		res.names = c.names(ctx, &path)
	}
	return res, nil
}

// find finds a path; with -n it is one from the cache, or none.
func (c *checker) find(ctx context.Context, addr netip.Addr, hops int) (netpath.Path, error) {
	if !c.dry {
		return c.tracer.Trace(ctx, addr, hops)
	}
	if p, ok := c.tracer.Cached(addr, time.Now()); ok && !c.fresh {
		return p, nil
	}
	return netpath.Path{Dest: addr}, nil
}

// names asks for the names of all that answered, at once. They stay escaped as
// in zone files, fit to be shown.
func (c *checker) names(ctx context.Context, p *netpath.Path) map[netip.Addr]string {
	ctx, cancel := context.WithTimeout(ctx, namesLimit)
	defer cancel()
	var addrs []netip.Addr
	var questions []dns.Question
	for _, h := range p.Hops {
		for _, a := range h.Answers {
			addrs = append(addrs, a.Addr)
			questions = append(questions, dns.Question{Name: dns.ReverseName(a.Addr), Type: dns.TypePTR})
		}
	}
	names := make(map[netip.Addr]string)
	for i, reply := range dns.QueryAll(ctx, c.dns, questions) {
		if reply.Err == nil {
			names[addrs[i]] = strings.TrimSuffix(reply.Answer.Records[0].Data, ".")
		}
	}
	return names
}
