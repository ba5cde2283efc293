package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// firstGiven is the first descriptor that systemd passes; sd_listen_fds(3).
const firstGiven = 3

// given are the sockets that systemd has bound for us, when it has started us
// for them.
func given(getenv func(string) string, pid int) ([]*listener, error) {
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || getenv("LISTEN_PID") != itoa(pid) {
		return nil, nil
	}
	var all []*listener
	for fd := firstGiven; fd < firstGiven+n; fd++ {
		unix.CloseOnExec(fd)
		l, err := adoptSocket(fd)
		if err != nil {
			return nil, fmt.Errorf("descriptor %d, from LISTEN_FDS: %w", fd, err)
		}
		all = append(all, l)
	}
	return all, nil
}

// adoptSocket takes a socket that somebody else has bound.
func adoptSocket(fd int) (*listener, error) {
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil {
		return nil, fmt.Errorf("no socket: %w", err)
	}
	if listens == 0 {
		return nil, errors.New("not a socket that listens (Accept=no and ListenStream= make one)")
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	l, err := newListener(fd)
	if err != nil {
		return nil, err
	}
	l.given = true
	if l.conn.path == "" {
		saveSYN(fd)
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	return l, nil
}

// notify tells systemd how we are, when it asks for it; sd_notify(3).
func notify(getenv func(string) string, state string) {
	name := getenv("NOTIFY_SOCKET")
	if name == "" {
		return
	}
	c, err := net.DialTimeout("unixgram", name, time.Second)
	if err != nil {
		return
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	c.Write([]byte(state))
}
