package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"postern/lib/arg"
	"postern/lib/conf"
	"postern/lib/maillog"
	"postern/lib/place"
	"postern/lib/record"
	"postern/lib/stack"
	"postern/lib/sysexits"
)

// Run is the whole program: it reads the command line and works in the way that
// it asks for. It returns the exit status.
func Run(p *Program, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	stack.Grow()
	e := &Env{Stdout: stdout, Stderr: stderr, name: p.Name}
	set := p.options(&e.Flags)
	operands, err := set.Parse(args)
	if err == nil {
		err = e.verify(operands)
	}
	if err != nil {
		return set.Report(err, stdout, stderr)
	}
	if e.Version {
		fmt.Fprintln(stdout, p.Name, place.Version())
		return sysexits.OK
	}
	e.Operands = len(operands) > 0
	e.Log = p.logger(stderr)
	if e.serves() {
		e.Stderr = logged{e.Log}
	}
	resolver, closer, err := e.Resolver(e.Operands)
	switch {
	case err != nil && e.serves():
		return p.serve(e, p.broken(e, err), stdin)
	case err != nil:
		return p.complain(e.Stderr, err, sysexits.Config)
	}
	e.DNS = resolver
	status := p.work(e, operands, stdin)
	if err := closer.Close(); err != nil {
		return max(status, p.complain(e.Stderr, err, sysexits.IOErr))
	}
	return status
}

// serves tells that what is wanted is a policy server at work.
func (e *Env) serves() bool { return e.Policy && !e.Check }

func (p *Program) options(f *Flags) *arg.Set {
	set := arg.New(p.Name, "[-dnPJV] [-j n] [-r ip[:port]] [-z file] [-C file] "+p.Synopsis)
	f.Add(set)
	if p.Flags != nil {
		p.Flags(set)
	}
	return set
}

// work does what the command line asks for.
func (p *Program) work(e *Env, operands []string, stdin io.Reader) int {
	if p.Mode != nil {
		if status, done := p.Mode(e, operands); done {
			return status
		}
	}
	if e.Check && len(operands) > 0 {
		return p.complain(e.Stderr, fmt.Errorf("--check: unexpected operand %q", operands[0]), sysexits.Usage)
	}
	c, err := p.Open(e)
	switch {
	case err != nil && e.serves():
		c = p.broken(e, err)
	case errors.Is(err, ErrInput):
		return p.complain(e.Stderr, err, sysexits.DataErr)
	case err != nil:
		return p.complain(e.Stderr, err, OpenStatus(err))
	}
	ctx := context.Background()
	switch {
	case e.Check:
		return p.showConfig(e, c)
	case e.Policy:
		return p.serve(e, c, stdin)
	case len(operands) > 0:
		return p.one(ctx, e, c, operands)
	default:
		err = p.filter(ctx, e, c, stdin)
	}
	if err != nil {
		return p.complain(e.Stderr, err, sysexits.IOErr)
	}
	return sysexits.OK
}

// serve is the way with -P.
func (p *Program) serve(e *Env, c Checker, stdin io.Reader) int {
	if err := p.Serve(context.Background(), c, stdin, e.Stdout, e.Log); err != nil {
		return p.complain(e.Stderr, err, sysexits.IOErr)
	}
	return sysexits.OK
}

// broken is the check of a policy server that cannot be made ready: mail must go
// on, without an opinion of ours.
func (p *Program) broken(e *Env, err error) Checker {
	e.Log.Log(maillog.Err, err.Error())
	return broken{err}
}

// OpenStatus is the exit status for an error of Open: that of a command line, or
// of a configuration, that is wrong.
func OpenStatus(err error) int {
	if errors.As(err, new(*UsageError)) || errors.As(err, new(*conf.FlagError)) {
		return sysexits.Usage
	}
	return sysexits.Config
}

// filter is the way without operands.
func (p *Program) filter(ctx context.Context, e *Env, c Checker, stdin io.Reader) error {
	if p.Processors > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(p.Processors))
	}
	return p.Filter(ctx, c, e.Flags, stdin, e.Stdout)
}

func (p *Program) complain(stderr io.Writer, err error, status int) int {
	fmt.Fprintf(stderr, "%s: %v\n", p.Name, err)
	return status
}

// logger writes where people look for what a server says: below spawn(8)
// standard error is the connection to Postfix.
func (p *Program) logger(stderr io.Writer) *maillog.Logger {
	o := maillog.Options{Tag: p.Name}
	if stderr != os.Stderr {
		o.Stderr = stderr
	}
	return maillog.Open(o)
}

func (p *Program) showConfig(e *Env, c Checker) int {
	if c, ok := c.(Configured); ok {
		if err := c.WriteConfig(e.Stdout); err != nil {
			return p.complain(e.Stderr, err, sysexits.IOErr)
		}
	}
	return sysexits.OK
}

// broken is the check of a program that could not be made ready.
type broken struct{ err error }

func (b broken) Check(context.Context, *record.Record) (Result, error) { return nil, b.err }

// one makes one check for a person.
func (p *Program) one(ctx context.Context, e *Env, c Checker, operands []string) int {
	r, err := p.words(operands)
	if err != nil {
		return p.complain(e.Stderr, err, sysexits.DataErr)
	}
	res, err := p.check(ctx, c, &r)
	switch {
	case errors.Is(err, ErrInput):
		return p.complain(e.Stderr, err, sysexits.DataErr)
	case err != nil:
		return p.complain(e.Stderr, err, sysexits.TempFail)
	}
	if e.JSON {
		res.Record(&r)
		_, err = e.Stdout.Write(append(r.AppendJSON(nil), '\n'))
	} else {
		_, err = fmt.Fprintln(e.Stdout, res.Text())
	}
	if err != nil {
		return p.complain(e.Stderr, err, sysexits.IOErr)
	}
	return res.Status()
}
