package main

import (
	"errors"
	"fmt"
	"os"

	"postern/lib/arg"
	"postern/lib/synfp"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

// program is what the command line asks for besides what all tools have.
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

func (p *program) tool() *tool.Program {
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
