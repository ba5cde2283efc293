package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"

	"postern/lib/place"
	"postern/lib/prog"
	"postern/lib/queue"
	"postern/lib/sysexits"
)

// smtpProgram runs smtp(8).
type smtpProgram struct {
	places place.Places
	host   string              // in EHLO
	cred   *syscall.Credential // nil for our own
	err    error               // why it cannot be run
}

// newSMTP finds out whose rights smtp is to have: those of the queue's owner,
// who can read what is in it. Root talks to no other host, but from a private
// instance of root's own.
func newSMTP(p place.Places, host string, q *queue.Queue) *smtpProgram {
	s := &smtpProgram{places: p, host: host}
	if os.Geteuid() != 0 {
		return s
	}
	var st syscall.Stat_t
	if err := syscall.Stat(q.Dir(), &st); err != nil {
		s.err = fmt.Errorf("%s: %w", q.Dir(), err)
		return s
	}
	switch {
	case st.Uid != 0:
		s.cred = &syscall.Credential{Uid: st.Uid, Gid: st.Gid}
	case p.Root() == "":
		s.err = fmt.Errorf("%s belongs to root, and smtp is not run as root: give it to a user", q.Dir())
	}
	return s
}

// launch is a launcher.
func (s *smtpProgram) launch(ctx context.Context, to target, stdin, stdout pipeEnd) error {
	if s.err != nil {
		return s.err
	}
	path, err := prog.Find(s.places, "smtp")
	if err != nil {
		return err
	}
	// What it would send after our death, another runq sends too.
	result, err := prog.Run(ctx, prog.Command{
		Path: path, Args: s.args(to), Env: environment(), Dir: "/",
		Stdin: stdin, Stdout: stdout, Cred: s.cred, Tied: true,
	})
	if err != nil {
		return err
	}
	return ended(result)
}

// args are smtp's arguments. What the configuration says comes later, and wins.
func (s *smtpProgram) args(to target) []string {
	args := append([]string{"-h", s.host}, to.flags...)
	return append(slices.Clip(args), "-B", to.address)
}

// environment is smtp's. Many run at once, each with one connection: it starts
// faster when it does not make ready for more than one processor.
func environment() []string {
	return prog.Inherit([]string{prog.SearchPath, "GOMAXPROCS=1"},
		place.RootEnv, place.ResolverEnv, "CREDENTIALS_DIRECTORY")
}

// ended is what the end of smtp means besides what it has reported.
func ended(r prog.Result) error {
	if r.Signal != 0 {
		return fmt.Errorf("%w by signal %v", errCrashed, r.Signal)
	}
	switch r.Status {
	case sysexits.OK, sysexits.TempFail, sysexits.NoUser, sysexits.NoHost, sysexits.Unavailable, sysexits.DataErr:
		return nil
	}
	return errors.New(reasonOf(r))
}

// reasonOf is why smtp could not do its work at all.
func reasonOf(r prog.Result) string {
	if r.Reason != "" {
		return r.Reason
	}
	return fmt.Sprintf("smtp ended with status %d", r.Status)
}
