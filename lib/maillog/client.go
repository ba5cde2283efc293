package maillog

import (
	"os"

	"golang.org/x/sys/unix"
)

// stderrIsClient tells whether standard error is the client's connection, which
// inetd and spawn(8) make it.
func stderrIsClient() bool {
	var in, out unix.Stat_t
	return unix.Fstat(unix.Stderr, &out) == nil && out.Mode&unix.S_IFMT == unix.S_IFSOCK &&
		unix.Fstat(unix.Stdin, &in) == nil && in.Dev == out.Dev && in.Ino == out.Ino
}

// muteStderr makes standard error lead nowhere. The descriptor stays taken: the
// runtime writes to it without asking what it is.
func muteStderr() {
	fd, err := unix.Open(os.DevNull, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	unix.Close(unix.Stderr)
	unix.FcntlInt(uintptr(fd), unix.F_DUPFD, unix.Stderr) // the lowest that is free
	unix.Close(fd)
}
