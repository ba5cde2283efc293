//go:build !linux

package main

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// socket opens a stream socket that does not block and is not inherited.
func socket(family int) (int, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, err
	}
	unix.CloseOnExec(fd)
	return fd, unix.SetNonblock(fd, true)
}

// accept takes a connection. It blocks, as programs expect of their standard
// input, and is not inherited unless it is given to a program. The socket that
// listens must not block: the lock keeps others from starting programs.
func accept(fd int) (int, unix.Sockaddr, error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	conn, sa, err := unix.Accept(fd)
	if err != nil {
		return -1, nil, err
	}
	unix.CloseOnExec(conn)
	return conn, sa, unix.SetNonblock(conn, false)
}

// saveSYN is for kernels that keep the SYN of a connection: here there is none.
func saveSYN(int) {}
