package main

import (
	"net/netip"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"postern/lib/maillog"
	"postern/lib/place"
	"postern/lib/prog"
	"postern/lib/sysexits"
)

// A child is a process that we started.
type child struct {
	key    netip.Addr // client that it serves alone
	worker *worker    // nil unless it is one
	check  *config    // configuration that it looks at, on reload
}

// names of variables that programs inherit from us, besides POSTERN_*. All
// else is kept from them.
const inheritedNames = " PATH TZ LANG GOMAXPROCS GOGC GOMEMLIMIT JOURNAL_STREAM "

// environment is what programs inherit of ours. What is for us, and what we
// say ourselves, is not.
func environment(ours []string) []string {
	var env []string
	path := false
	for _, v := range ours {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case name == place.PeerEnv || name == place.WorkerEnv || name == detachEnv:
		case strings.HasPrefix(name, "POSTERN_") || strings.Contains(inheritedNames, " "+name+" "):
			env = append(env, v)
			path = path || name == "PATH"
		}
	}
	if !path {
		env = append(env, prog.SearchPath)
	}
	return env
}

// oneProcessor appends what makes a Go program that serves one session at a
// time cheaper, unless the postmaster has said something else.
func oneProcessor(env []string) []string {
	for _, v := range env {
		if strings.HasPrefix(v, "GOMAXPROCS=") {
			return env
		}
	}
	return append(env, "GOMAXPROCS=1")
}

// start starts the program with descriptor in as its standard input and out
// as its output. It has a process group of its own: an interrupt at our
// terminal is for us, and to end it is to end what it has started.
func (s *server) start(c *config, extra []string, in, out int, env []string) (pid int, err error) {
	argv := c.argv
	if len(extra) > 0 {
		argv = append(append([]string{argv[0]}, extra...), argv[1:]...)
	}
	pid, err = syscall.ForkExec(c.program, argv, &syscall.ProcAttr{
		Env:   env,
		Files: []uintptr{uintptr(in), uintptr(out), 2},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		err = &os.PathError{Op: "start", Path: c.program, Err: err}
	}
	return pid, err
}

// serveAlone starts a program for one connection, which the gate has counted.
func (s *server) serveAlone(c conn) {
	// What read a PROXY header, or a worker that was full, may have left it
	// non-blocking.
	_ = unix.SetNonblock(c.fd, false)
	pid, err := s.start(s.cfg, nil, c.fd, c.fd, c.environ(s.env[:len(s.env):len(s.env)]))
	key := c.key()
	if err != nil {
		s.log.seldom(aboutPrograms, maillog.Err, "error", "error", err.Error())
		s.gate.leave(key)
		s.refuse(c, noProgram)
		return
	}
	c.close()
	s.children[pid] = child{key: key}
}

// reap collects the children that have ended. SIGCHLD may stand for several.
func (s *server) reap() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if c, ok := s.children[pid]; ok {
			delete(s.children, pid)
			s.ended(pid, c, status)
		}
	}
}

// ended gives back what a child had.
func (s *server) ended(pid int, c child, status unix.WaitStatus) {
	switch {
	case c.check != nil:
		s.checked(pid, c.check, status)
		return
	case c.worker != nil:
		s.lost(c.worker, status)
	default:
		s.gate.leave(c.key)
	}
	if !clean(status) {
		s.log.seldom(aboutPrograms, maillog.Warning, "ended", "pid", itoa(pid), "status", describe(status))
	}
}

// clean says whether a program ended as it should. Its exit status tells of
// the session, which it logs itself; trouble is a signal, and what keeps it
// from serving at all.
func clean(status unix.WaitStatus) bool {
	if !status.Exited() {
		return false
	}
	switch status.ExitStatus() {
	case sysexits.Usage, sysexits.Software, sysexits.OSErr, sysexits.Config, 126, 127:
		return false
	}
	return true
}

// describe words how a process ended.
func describe(status unix.WaitStatus) string {
	if status.Signaled() {
		return unix.SignalName(status.Signal())
	}
	return sysexits.Name(status.ExitStatus())
}
