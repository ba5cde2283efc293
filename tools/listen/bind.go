package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"postern/lib/caller"
)

// tuning is what is set on a socket that listens. Connections inherit it.
type tuning struct{ backlog, rcvbuf, sndbuf int }

func (c *config) tuning() tuning { return tuning{c.backlog, c.rcvbuf, c.sndbuf} }

// bindAll opens a socket for each endpoint, or none.
func bindAll(list []endpoint, t tuning) ([]*listener, error) {
	var all []*listener
	var errs []error
	for _, e := range list {
		l, err := bind(e, t)
		switch {
		case err == nil:
			l.asked = e
			all = append(all, l)
		case e.optional && noFamily(err):
		default:
			errs = append(errs, fmt.Errorf("cannot listen on %s: %w%s", e, err, advice(err)))
		}
	}
	if len(errs) > 0 {
		for _, l := range all {
			l.close()
		}
		return nil, errors.Join(errs...)
	}
	return all, nil
}

// noFamily says whether the host lacks the family of addresses.
func noFamily(err error) bool {
	return errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.EPROTONOSUPPORT)
}

// advice is what to do next, where there is one thing to do.
func advice(err error) string {
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return "; another program listens there (ss -lntp shows which)"
	case errors.Is(err, unix.EACCES):
		return "; start as root, with -u for the user to become, or choose a port above 1023"
	}
	return ""
}

// bind opens one socket that listens.
func bind(e endpoint, t tuning) (*listener, error) {
	if e.path != "" {
		return bindUnix(e.path, t)
	}
	at, family, err := caller.Sockaddr(e.at)
	if err != nil {
		return nil, err
	}
	fd, err := socket(family)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := setUp(fd, at, t); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return newListener(fd)
}

// setUp makes a TCP socket listen.
func setUp(fd int, at unix.Sockaddr, t tuning) error {
	set := func(level, option, value int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, option, value))
	}
	err := set(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if _, six := at.(*unix.SockaddrInet6); six {
		err = errors.Join(err, set(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1))
	}
	// A program writes its replies in groups: there is nothing to wait for.
	err = errors.Join(err, set(unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
	if t.rcvbuf > 0 {
		err = errors.Join(err, set(unix.SOL_SOCKET, unix.SO_RCVBUF, t.rcvbuf))
	}
	if t.sndbuf > 0 {
		err = errors.Join(err, set(unix.SOL_SOCKET, unix.SO_SNDBUF, t.sndbuf))
	}
	if err != nil {
		return err
	}
	saveSYN(fd)
	if err := unix.Bind(fd, at); err != nil {
		return os.NewSyscallError("bind", err)
	}
	return os.NewSyscallError("listen", unix.Listen(fd, t.backlog))
}

// bindUnix listens on a Unix socket that everybody who reaches its folder may
// connect to. A socket that nobody answers on is removed first.
func bindUnix(path string, t tuning) (*listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	fd, err := socket(unix.AF_UNIX)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	err = os.NewSyscallError("bind", unix.Bind(fd, &unix.SockaddrUnix{Name: path}))
	if err == nil {
		err = os.Chmod(path, 0o666)
	}
	if err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, t.backlog))
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	l, err := newListener(fd)
	if err == nil {
		l.ours, err = os.Lstat(path)
	}
	return l, err
}

// removeStale removes the socket of a listener that is no more.
func removeStale(path string) error {
	st, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if st.Mode().Type() != os.ModeSocket {
		return errors.New("there is a file of that name that is no socket")
	}
	fd, err := socket(unix.AF_UNIX)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	switch err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err {
	case unix.ECONNREFUSED:
		return os.Remove(path)
	case nil, unix.EAGAIN, unix.EINPROGRESS:
		return unix.EADDRINUSE
	default:
		return os.NewSyscallError("connect", err)
	}
}
