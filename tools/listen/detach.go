package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"postern/lib/sysexits"
)

// detachEnv tells a listen that it is the one in the background. It writes an
// octet to descriptor readyFD when its sockets are bound.
const (
	detachEnv = "POSTERN_DETACHED"
	readyFD   = 3
)

func detached() bool { return os.Getenv(detachEnv) != "" }

// detach starts ourselves again in a session of our own, and waits until that
// listen is ready, or has said what is wrong and ended: its exit status is
// ours.
func detach(args []string, stderr io.Writer) int {
	status, err := background(args)
	if err != nil {
		fmt.Fprintf(stderr, "listen: cannot detach: %v\n", err)
		return sysexits.OSErr
	}
	return status
}

// background is detach with an error for what is no exit status.
func background(args []string) (status int, err error) {
	if os.Getenv("LISTEN_FDS") != "" {
		return 0, errors.New("the sockets of systemd cannot be taken along")
	}
	ready, theirs, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer ready.Close()
	p, err := again(args, theirs)
	theirs.Close()
	if err != nil {
		return 0, err
	}
	if n, _ := ready.Read(make([]byte, 1)); n == 1 {
		return sysexits.OK, nil
	}
	st, err := p.Wait()
	if err != nil {
		return 0, err
	}
	if !st.Exited() {
		return 0, fmt.Errorf("it ended: %s", st)
	}
	return st.ExitCode(), nil
}

// again starts ourselves as the listen in the background.
func again(args []string, ready *os.File) (*os.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	return os.StartProcess(self, append([]string{os.Args[0]}, args...), &os.ProcAttr{
		Env:   append(os.Environ(), detachEnv+"=1"),
		Files: []*os.File{null, null, os.Stderr, ready},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
}

// leaveTerminal gives up a standard error that is a terminal, which belongs to
// whoever sits there, and says whether it did: the log then goes to syslog.
func leaveTerminal() bool {
	if st, err := os.Stderr.Stat(); err != nil || st.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	// The lowest free descriptor is 2 again: 0 and 1 are open, and nobody
	// else opens anything yet.
	unix.Close(2)
	_, _ = unix.Open(os.DevNull, unix.O_RDWR, 0)
	return true
}

// sayReady lets the listen in front, which waits for us, go.
func sayReady() {
	unix.Write(readyFD, []byte{'\n'})
	unix.Close(readyFD)
}
