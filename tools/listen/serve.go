package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/sysexits"
)

// checkTime is how long a program may look at its configuration.
const checkTime = time.Minute

// A failure is an error with the exit status that it is to have.
type failure struct {
	status int
	err    error
}

func (f failure) Error() string { return f.err.Error() }
func (f failure) Unwrap() error { return f.err }

// serve is listen from configuration to end.
func serve(c *config, stderr io.Writer) int {
	if detached() {
		unix.CloseOnExec(readyFD)
	}
	s, listeners, err := prepare(c, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "listen: %v\n", err)
		var f failure
		if errors.As(err, &f) {
			return f.status
		}
		return sysexits.OSErr
	}
	signal.Notify(s.child, syscall.SIGCHLD)
	// A reader of our standard error that goes away must not take us along.
	// To ignore the signal would be inherited by programs.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signal.Notify(s.control, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	for _, l := range listeners {
		s.open(l)
	}
	notify(os.Getenv, "READY=1")
	if detached() {
		sayReady()
	}
	s.loop()
	return sysexits.OK
}

// prepare does all that may fail: what is wrong is said before anybody
// connects.
func prepare(c *config, stderr io.Writer) (*server, []*listener, error) {
	who, err := lookUp(c.user)
	if err != nil {
		return nil, nil, failure{sysexits.Config, err}
	}
	if err := check(c, who, stderr); err != nil {
		return nil, nil, err
	}
	if err := canHand(c.workers); err != nil {
		return nil, nil, err
	}
	pid, err := claimPID(c.pidFile, c.flags.replace)
	if err != nil {
		return nil, nil, failure{sysexits.CantCreat, err}
	}
	listeners, err := sockets(c)
	if err == nil {
		err = become(who)
	}
	if err != nil {
		pid.release()
		return nil, nil, err
	}
	null, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		pid.release()
		return nil, nil, os.NewSyscallError("open "+os.DevNull, err)
	}
	log := openJournal(c, stderr, detached() && leaveTerminal())
	s := newServer(c, log, null)
	s.pid = pid
	return s, listeners, nil
}

// sockets are those of systemd, and those that the command line, or without
// systemd the file, asks for.
func sockets(c *config) ([]*listener, error) {
	all, err := given(os.Getenv, os.Getpid())
	if err != nil {
		return nil, failure{sysexits.Usage, err}
	}
	if len(all) > 0 && len(c.flags.addresses) == 0 {
		return all, nil
	}
	want, err := c.wanted()
	if err != nil {
		return nil, failure{sysexits.Config, err}
	}
	bound, err := bindAll(want, c.tuning())
	return append(all, bound...), err
}

// check has the program look at its configuration, as the user that it will
// be. What it finds wrong it says on standard error.
func check(c *config, who *syscall.Credential, stderr io.Writer) error {
	if !c.checked() {
		return nil
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	files := []*os.File{null, null, null}
	if f, ok := stderr.(*os.File); ok {
		files[2] = f
	}
	p, err := os.StartProcess(c.program, append([]string{c.argv[0], "--check"}, c.argv[1:]...), &os.ProcAttr{
		Env:   environment(os.Environ()),
		Files: files,
		Sys:   &syscall.SysProcAttr{Credential: otherUser(who)},
	})
	if err != nil {
		return failure{sysexits.Unavailable, err}
	}
	defer time.AfterFunc(checkTime, func() { p.Kill() }).Stop()
	switch st, err := p.Wait(); {
	case err != nil:
		return err
	case !st.Success():
		return failure{sysexits.Config, fmt.Errorf("%s --check: %s; nothing is bound", c.program, st)}
	}
	return nil
}

// canHand says what is wrong if the system cannot pass connections to workers.
func canHand(w workers) error {
	if w.n == 0 {
		return nil
	}
	ours, theirs, err := packetPair()
	if err != nil {
		return failure{sysexits.Unavailable, fmt.Errorf("-w is not available here: %w", err)}
	}
	ours.Close()
	theirs.Close()
	return nil
}

// otherUser is who, unless that is who we are: to say so takes a privilege.
func otherUser(who *syscall.Credential) *syscall.Credential {
	if who == nil || os.Geteuid() != 0 {
		return nil
	}
	return who
}

// isStderr says whether w is the program's standard error, which the log may
// replace by a better place.
func isStderr(w io.Writer) bool { return w == os.Stderr }
