package main

import (
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/maillog"
)

// A look is a program's at a configuration. The zero one is none.
type look struct {
	pid   int
	until time.Time // when it is ended
}

// tend ends a look that takes too long.
func (l *look) tend(now time.Time) {
	if l.pid != 0 && !now.Before(l.until) {
		l.end()
		l.until = now.Add(checkTime)
	}
}

// end ends the look, if there is one.
func (l *look) end() {
	if l.pid != 0 {
		_ = unix.Kill(-l.pid, unix.SIGKILL)
	}
}

// reload reads the configuration anew. Before it is obeyed, a program that can
// looks at it too; that takes a while, and the loop goes on. It takes the place
// of a look at what the configuration was before.
func (s *server) reload() {
	c, warnings, err := loadConfig(s.cfg.flags, s.cfg.places)
	for _, w := range warnings {
		s.log.trouble("warning", w)
	}
	if err != nil {
		s.log.trouble("not_reloaded", err)
		return
	}
	s.look.end()
	s.look = look{}
	if !c.checked() {
		s.change(c)
		return
	}
	pid, err := s.start(c, []string{"--check"}, s.null, s.null, s.env)
	if err != nil {
		s.log.trouble("not_reloaded", err)
		return
	}
	s.children[pid] = child{check: c}
	s.look = look{pid, s.now().Add(checkTime)}
}

// checked is told how a program's look at a configuration ended.
func (s *server) checked(pid int, c *config, status unix.WaitStatus) {
	if pid != s.look.pid {
		return
	}
	s.look = look{}
	switch {
	case s.stage != serving:
	case status.Exited() && status.ExitStatus() == 0:
		s.change(c)
	default:
		s.log.trouble("not_reloaded", fmt.Errorf("%s --check: %s", c.program, describe(status)))
	}
}

// change puts another configuration in force. Sessions go on, workers end
// when theirs have, and no connection is lost: what has come to a socket that
// is given up is still accepted.
func (s *server) change(c *config) {
	if err := s.rebind(c); err != nil {
		s.log.trouble("not_reloaded", err)
		return
	}
	s.adopt(c)
	s.retire()
	s.pool.backoff, s.pool.next = 0, time.Time{}
	s.log.event(maillog.Info, "reloaded")
}

// rebind opens the sockets that are new and stops those that are not wanted
// any more; systemd's stay. When one cannot be opened, all stays as it was.
func (s *server) rebind(c *config) error {
	if s.given() && len(c.flags.addresses) == 0 {
		return nil
	}
	want, err := c.wanted()
	if err != nil {
		return err
	}
	var missing []endpoint
	for _, e := range want {
		if !slices.ContainsFunc(s.listeners, func(l *listener) bool { return l.asked == e && !l.leaving }) {
			missing = append(missing, e)
		}
	}
	fresh, err := bindAll(missing, c.tuning())
	if err != nil {
		return err
	}
	for _, l := range s.listeners {
		if !l.given && !l.leaving && !slices.Contains(want, l.asked) {
			s.log.event(maillog.Info, "not_listening", l.ends()...)
			l.stop()
		}
	}
	for _, l := range fresh {
		s.open(l)
	}
	return nil
}

// given says whether sockets are from systemd.
func (s *server) given() bool {
	return slices.ContainsFunc(s.listeners, func(l *listener) bool { return l.given })
}
