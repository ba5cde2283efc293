package main

import (
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/maillog"
)

// killTime is how long programs that are told to end may take.
const killTime = 5 * time.Second

// signalled obeys a signal: SIGHUP reloads, SIGTERM and SIGINT stop, the
// second time at once.
func (s *server) signalled(sig os.Signal) {
	switch {
	case sig == syscall.SIGHUP && s.stage == serving:
		s.reload()
	case sig == syscall.SIGHUP:
	case s.stage == serving:
		s.stop()
	default:
		s.kill()
	}
}

// stop ends accepting. Sessions go on until they end, or for StopTimeout.
func (s *server) stop() {
	s.stage = ending
	s.limit = s.now().Add(s.cfg.stopWait)
	s.log.event(maillog.Info, "stopping", "sessions", itoa(s.gate.live))
	notify(os.Getenv, "STOPPING=1")
	for _, l := range s.listeners {
		l.stop()
	}
}

// forget is told of a listener that has closed its socket. When the last one
// has, the pid file is given up: whoever waits for it may bind the addresses.
func (s *server) forget(l *listener) {
	s.listeners = slices.DeleteFunc(s.listeners, func(x *listener) bool { return x == l })
	if s.stage != serving && len(s.listeners) == 0 {
		s.pid.release()
		s.pid = nil
	}
}

// kill ends the programs with all that they have started: with SIGTERM, and
// with SIGKILL the next time.
func (s *server) kill() {
	sig := unix.SIGTERM
	if s.stage == killing {
		sig = unix.SIGKILL
	}
	s.stage = killing
	s.limit = s.now().Add(killTime)
	s.log.event(maillog.Warning, "ending_sessions", "sessions", itoa(s.gate.live), "signal", unix.SignalName(sig))
	for pid := range s.children {
		_ = unix.Kill(-pid, sig)
	}
}
