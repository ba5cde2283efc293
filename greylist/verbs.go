package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"postern/lib/greylist"
	"postern/lib/plot"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

// A verb is what can be done besides being a filter or a policy server.
type verb struct {
	name     string
	operands string // as the usage shows them
	least    int    // how many operands there must be
	do       func(j *job, operands []string) error
}

// verbs are all of them.
func verbs() []verb {
	return []verb{
		{"check", "local remote recipient ...", 3, (*job).check},
		{"allow", "subject [name]", 1, (*job).allow},
		{"withdraw", "subject ...", 1, (*job).withdraw},
		{"release", "sender ...", 1, (*job).release},
		{"list", "[attribute=value ...]", 0, (*job).list},
		{"stat", "", 0, (*job).stat},
		{"expire", "", 0, (*job).expire},
		{"import", "plan9|postgrey|recipients|dump|cidr file ...", 2, (*job).load},
	}
}

// A job is one run of a verb.
type job struct {
	*checker
	*tool.Env
	plot   plot.Option
	status int // when there is no error
}

// errUsage is for operands that are not understood.
var errUsage = errors.New("usage")

// mode carries out a verb, if there is one.
func (p *program) mode(e *tool.Env, operands []string) (status int, done bool) {
	if len(operands) == 0 || e.Check {
		return 0, false
	}
	for _, v := range verbs() {
		if v.name == operands[0] {
			return p.do(e, v, operands[1:]), true
		}
	}
	return p.usage(e, fmt.Sprintf("unknown verb %q", operands[0])), true
}

func (p *program) do(e *tool.Env, v verb, operands []string) int {
	if len(operands) > 0 && strings.HasPrefix(operands[0], "-") {
		return p.usage(e, fmt.Sprintf("options stand in front of the verb: greylist %s %s", operands[0], v.name))
	}
	if len(operands) < v.least || v.operands == "" && len(operands) > 0 {
		return p.usage(e, "usage: greylist "+strings.TrimSpace(v.name+" "+v.operands))
	}
	c, err := p.open(e)
	if err != nil {
		fmt.Fprintf(e.Stderr, "greylist: %v\n", err)
		return tool.OpenStatus(err)
	}
	j := &job{checker: c.(*checker), Env: e, plot: p.plot}
	if err := v.do(j, operands); err != nil {
		fmt.Fprintf(e.Stderr, "greylist: %s: %v\n", v.name, err)
		return statusOf(err)
	}
	return j.status
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, errUsage):
		return sysexits.Usage
	case errors.Is(err, tool.ErrInput):
		return sysexits.DataErr
	}
	return sysexits.TempFail
}

func (p *program) usage(e *tool.Env, what string) int {
	fmt.Fprintf(e.Stderr, "greylist: %s\n", what)
	if strings.HasPrefix(what, "unknown") {
		for _, v := range verbs() {
			fmt.Fprintf(e.Stderr, "  greylist %s\n", strings.TrimSpace(v.name+" "+v.operands))
		}
	}
	return sysexits.Usage
}

// check asks about a client and all recipients of a message. One of them for
// whom the client has come again is enough. Lists that cannot be used refuse
// nobody.
func (j *job) check(operands []string) error {
	var best *result
	for _, rcpt := range operands[2:] {
		r, err := words([]string{operands[0], operands[1], rcpt})
		if err != nil {
			return err
		}
		res, err := j.Check(context.Background(), &r)
		if err != nil && !errors.Is(err, tool.ErrInput) {
			fmt.Fprintf(j.Stderr, "greylist: check: %v (let pass)\n", err)
			return nil
		}
		if err != nil {
			return err
		}
		if d := res.(*result); best == nil || best.Status() != sysexits.OK {
			best = d
		}
	}
	j.status = best.Status()
	_, err := fmt.Fprintln(j.Stdout, best.Text())
	return err
}

// allow puts a line on the whitelist.
func (j *job) allow(operands []string) error {
	e, err := subject(operands[0])
	if err != nil {
		return err
	}
	e.Name = strings.Join(operands[1:], " ")
	return j.add(e)
}

// withdraw puts lines on the whitelist that take others off it.
func (j *job) withdraw(operands []string) error {
	return j.each(operands, func(e *greylist.Entry) error {
		e.Withdrawn = true
		return nil
	})
}

// release lets senders pass from now on, for as long as they come.
func (j *job) release(operands []string) error {
	return j.each(operands, func(e *greylist.Entry) error {
		if e.Kind != greylist.Sender {
			return fmt.Errorf("%w: %q is not a sender, as user@domain or @domain", errUsage, e.Subject())
		}
		e.Since = j.now()
		return nil
	})
}

// each makes an entry of each operand, changes it, and adds all of them.
func (j *job) each(operands []string, change func(*greylist.Entry) error) error {
	list := make([]greylist.Entry, len(operands))
	for i, word := range operands {
		e, err := subject(word)
		if err == nil {
			err = change(&e)
		}
		if err != nil {
			return err
		}
		list[i] = e
	}
	return j.add(list...)
}

func subject(word string) (greylist.Entry, error) {
	e, err := greylist.ParseSubject(word)
	if err != nil {
		err = fmt.Errorf("%w: %w", errUsage, err)
	}
	return e, err
}

// add adds lines to the whitelist, or shows them.
func (j *job) add(list ...greylist.Entry) error {
	if !j.Dry {
		return j.store.Add(list...)
	}
	for i := range list {
		fmt.Fprintln(j.Stdout, list[i].String())
	}
	return nil
}

// expire removes what is of no more use. With -d it says how much that was.
func (j *job) expire([]string) error {
	if j.Dry {
		return fmt.Errorf("%w: there is no -n for expire", errUsage)
	}
	x, err := j.store.Expire(context.Background(), j.now())
	if j.Debug {
		fmt.Fprintf(j.Stderr, "greylist: expire: removed %d strangers and %d lines, kept %d strangers", x.Grey, x.White, x.Kept)
		if x.Busy {
			fmt.Fprint(j.Stderr, "; another one is at it")
		}
		fmt.Fprintln(j.Stderr)
	}
	return err
}
