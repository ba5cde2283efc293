package main

import "golang.org/x/sys/unix"

// socket opens a stream socket that does not block and is not inherited.
func socket(family int) (int, error) {
	return unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
}

// accept takes a connection. It blocks, as programs expect of their standard
// input, and is not inherited unless it is given to a program.
func accept(fd int) (int, unix.Sockaddr, error) {
	return unix.Accept4(fd, unix.SOCK_CLOEXEC)
}

// saveSYN has the kernel keep each client's SYN for the program, which reads
// it with TCP_SAVED_SYN. A kernel that cannot is no reason not to listen.
func saveSYN(fd int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_SAVE_SYN, 1)
}
