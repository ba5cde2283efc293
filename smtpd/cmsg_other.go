//go:build !darwin

package main

import "golang.org/x/sys/unix"

// recvFlags keeps descriptors that come in a message from programs we start.
const recvFlags = unix.MSG_CMSG_CLOEXEC
