package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"postern/lib/arg"
	"postern/lib/conf"
	"postern/lib/deliver"
	"postern/lib/maillog"
	"postern/lib/place"
	"postern/lib/queue"
	"postern/lib/sysexits"
)

// Defaults and bounds.
const (
	defaultJobs   = 10
	maxJobs       = 1000
	defaultUser   = "nobody"
	defaultGiveUp = 5 * 24 * time.Hour // RFC 5321 4.5.4.1: at least 4 or 5 days
)

// config is what the command line and the configuration ask for.
type config struct {
	now, stay, list, records, json, caller, keepOn, check, debug, version bool

	file, jobsFlag, hours string

	queries []string // -q
	change  *change  // --hold and its like; nil to deliver
	jobs    int
	user    string // CommandUser
	giveUp  time.Duration
	notices notices
	out     outgoing
	mail    deliver.Config
	places  place.Places
}

// newConfig is what is obeyed when nothing is asked for.
func newConfig() *config {
	return &config{
		jobs: defaultJobs, giveUp: defaultGiveUp, user: defaultUser, notices: defaultNotices(), out: defaultOutgoing(),
		places: place.New(os.Getenv(place.RootEnv)),
	}
}

// configure reads the command line and the configuration. Without a config
// there is nothing left to do but to exit with the status.
func configure(args []string, stdout, stderr io.Writer) (*config, int) {
	c := newConfig()
	set := c.options()
	operands, err := set.Parse(args)
	if err == nil && len(operands) > 0 {
		err = fmt.Errorf("unexpected operand %q", operands[0])
	}
	if err == nil {
		err = c.mode()
	}
	if err != nil {
		return nil, set.Report(err, stdout, stderr)
	}
	if c.version {
		fmt.Fprintln(stdout, "runq "+place.Version())
		return nil, sysexits.OK
	}
	table := c.directives()
	if err := errors.Join(c.load(table, stderr), c.applyFlags(table), c.complete()); err != nil {
		fmt.Fprintf(stderr, "runq: %v\n", err)
		if errors.As(err, new(*conf.FlagError)) {
			return nil, sysexits.Usage
		}
		return nil, sysexits.Config
	}
	if c.check {
		if err := table.Check(stdout); err != nil {
			return nil, sysexits.IOErr
		}
		return nil, sysexits.OK
	}
	return c, sysexits.OK
}

// options are those of runq(8).
func (c *config) options() *arg.Set {
	s := arg.New("runq", "[-dEJlLRVw] [-C [dialect:]file] [-n jobs] [-q id|domain]... [-t hours] [--caller | --hold | --release | --remove | --bounce | --check]")
	s.Bool(&c.now, "E", "work on all that waits, due or not")
	s.Bool(&c.stay, "w", "stay, and work on new mail at once")
	s.Bool(&c.list, "l", "list the queue, for a person")
	s.Bool(&c.records, "L", "list the queue as records, one line a recipient")
	s.Bool(&c.json, "J", "as -L, in JSON")
	s.Bool(&c.caller, "caller", "list the queue for the user at the socket that is standard input: his own mail")
	s.Bool(&c.keepOn, "R", "never give up: what is refused for good is tried again too")
	s.Strings(&c.queries, "q", "id|domain", "only this entry, or those for this domain, due or not")
	s.String(&c.jobsFlag, "n", "jobs", "work on so many entries at once")
	s.String(&c.hours, "t", "hours", "give up after so many hours")
	s.String(&c.file, "C", "[dialect:]file", "read this configuration")
	s.Bool(&c.check, "check", "print the configuration in force, do nothing")
	s.Func("hold", "", "with -q: try nothing before --release", c.setChange(&holdChange))
	s.Func("release", "", "with -q: let go what is held", c.setChange(&releaseChange))
	s.Func("remove", "", "with -q: take out of the queue, and tell nobody", c.setChange(&removeChange))
	s.Func("bounce", "", "with -q: take out of the queue, and return to the sender", c.setChange(&bounceChange))
	s.Bool(&c.debug, "d", "say on standard error what is done")
	s.Bool(&c.version, "V,version", "print the version and exit")
	return s
}

// mode refuses options of which one would be passed over.
func (c *config) mode() error {
	var modes []string
	for _, m := range [...]struct {
		name  string
		given bool
	}{
		{"-l, -L and -J", c.list || c.records || c.json}, {"--caller", c.caller}, {"--check", c.check},
		{"--hold and its like", c.change != nil}, {"-w", c.stay}, {"-E", c.now},
	} {
		if m.given {
			modes = append(modes, m.name)
		}
	}
	switch {
	case len(modes) > 1:
		return fmt.Errorf("only one of %s", strings.Join(modes, ", "))
	case len(c.queries) > 0 && (c.stay || c.caller):
		return fmt.Errorf("-q has no meaning with %s", modes[0])
	case slices.Contains(c.queries, ""):
		return errNoQuery
	}
	return c.checkChange()
}

// applyFlags gives the command line the last word.
func (c *config) applyFlags(table *conf.Table) error {
	var errs []error
	if c.jobsFlag != "" {
		errs = append(errs, table.Flag("-n", "QueueJobs", c.jobsFlag))
	}
	if c.hours != "" {
		err := table.Flag("-t", "QueueLifetime", c.hours+"h")
		if err != nil {
			err = &conf.FlagError{Flag: "-t", Err: fmt.Errorf("%q is not a number of hours", c.hours)}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// do does what was asked for and answers the exit status.
func (c *config) do(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) int {
	q, err := queue.Open(c.mail.QueueDir(c.places))
	if err != nil {
		return complain(stderr, err)
	}
	defer q.Close()
	switch {
	case c.caller:
		err = c.showCaller(ctx, q, stdin, stdout)
	case c.list || c.records || c.json:
		err = c.show(ctx, q, everybody, stdout)
	default:
		err = c.work(ctx, q, stdout, stderr)
	}
	return complain(stderr, err)
}

// complain says what kept the whole from being done; the status is that of our
// own faults, which are temporary, unless the person named what is not there.
func complain(stderr io.Writer, err error) int {
	if err == nil || errors.Is(err, context.Canceled) {
		return sysexits.OK
	}
	fmt.Fprintf(stderr, "runq: %v\n", err)
	if errors.Is(err, errUnknown) {
		return sysexits.NoInput
	}
	return sysexits.TempFail
}

// work is a change of the queue, a pass over it, or with -w all of them.
func (c *config) work(ctx context.Context, q *queue.Queue, stdout, stderr io.Writer) error {
	d := deliver.New(c.mail, c.places)
	r := &runner{
		queue: q, local: local{d}, jobs: c.jobs, giveUp: c.giveUp, keepOn: c.keepOn, notices: c.notices,
		log: newLogger(c.debug, stderr), now: time.Now, chance: rand.Float64,
	}
	r.remote = newTransport(r, &c.out, newSMTP(c.places, c.mail.Hostname, q).launch)
	r.remote.force = c.now || len(c.queries) > 0
	switch {
	case c.change != nil:
		return r.apply(ctx, c.change, c.queries, stdout)
	case c.stay:
		return r.watch(ctx)
	}
	return r.pass(ctx, r.selected(ctx, c))
}

// newLogger writes to standard error when that is asked for, else where the
// host wants it.
func newLogger(debug bool, stderr io.Writer) *maillog.Logger {
	o := maillog.Options{Tag: "runq", Stderr: stderr}
	if debug {
		o.Sink = "stderr"
	}
	return maillog.Open(o)
}
