package main

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// connection is where the client is: descriptors 0 and 1, or 3, which is
// where systemd-socket-activate -a has it.
func connection(stdin io.Reader, stdout io.Writer) (io.Reader, io.Writer) {
	f, ok := stdin.(*os.File)
	if !ok || f.Fd() != 0 || isSocket(f) {
		return stdin, stdout
	}
	if st, err := f.Stat(); err != nil || st.Mode()&os.ModeNamedPipe != 0 {
		return stdin, stdout
	}
	if _, err := unix.Getpeername(3); err != nil {
		return stdin, stdout
	}
	three := os.NewFile(3, "descriptor 3")
	return three, three
}

// listener is the descriptor, 0 or 3, that is a listening socket, or -1.
func listener(stdin io.Reader) int {
	f, ok := stdin.(*os.File)
	if !ok {
		return -1
	}
	if isSocket(f) {
		if listening(int(f.Fd())) {
			return 0
		}
		return -1
	}
	if listening(3) {
		return 3
	}
	return -1
}

// isSocket says whether a file is a socket.
func isSocket(f *os.File) bool {
	_, err := unix.GetsockoptInt(int(f.Fd()), unix.SOL_SOCKET, unix.SO_TYPE)
	return err == nil
}

// listening says whether fd is a socket that listens: then we were started
// as if we were the listener.
func listening(fd int) bool {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	return err == nil && n != 0
}

// unread says whether there is something to be read from a socket.
func unread(fd int) bool {
	var b [1]byte
	n, _, err := unix.Recvfrom(fd, b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && n > 0
}
