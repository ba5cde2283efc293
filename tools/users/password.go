package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"postern/lib/auth"
)

// readPassword reads a password: at a terminal without showing it, twice if it
// is a new one; else the first line of the input.
func readPassword(stdin io.Reader, stderr io.Writer, twice bool) (string, error) {
	f, ok := stdin.(*os.File)
	if !ok || !isTerminal(f) {
		return readLine(bufio.NewReader(stdin))
	}
	in := bufio.NewReader(f)
	password, err := hiddenLine(f, in, stderr, "password: ")
	if err != nil || !twice {
		return password, err
	}
	again, err := hiddenLine(f, in, stderr, "once more: ")
	if err == nil && again != password {
		err = &dataError{errors.New("the two passwords differ")}
	}
	return password, err
}

// readLine reads a line of at most the longest password.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		c, err := in.ReadByte()
		switch {
		case err == io.EOF && len(line) > 0, err == nil && c == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case err == io.EOF:
			return "", &dataError{errors.New("no password")}
		case err != nil:
			return "", err
		case len(line) > auth.MaxPassword:
			return "", &dataError{errors.New("the password is too long")}
		}
		line = append(line, c)
	}
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	return err == nil
}

// hiddenLine asks for a line and does not show it. The terminal is as it was
// afterwards, also when somebody interrupts.
func hiddenLine(f *os.File, in *bufio.Reader, stderr io.Writer, prompt string) (string, error) {
	old, err := unix.IoctlGetTermios(int(f.Fd()), getTermios)
	if err != nil {
		return "", err
	}
	quiet := *old
	quiet.Lflag &^= unix.ECHO
	quiet.Lflag |= unix.ICANON | unix.ISIG | unix.ECHONL
	if err := unix.IoctlSetTermios(int(f.Fd()), setTermios, &quiet); err != nil {
		return "", err
	}
	defer unix.IoctlSetTermios(int(f.Fd()), setTermios, old)
	fmt.Fprint(stderr, prompt)
	return interruptible(func() (string, error) { return readLine(in) })
}

// interruptible waits for read or for a signal that would end the program.
func interruptible(read func() (string, error)) (string, error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	type result struct {
		line string
		err  error
	}
	lines := make(chan result, 1)
	go func() {
		line, err := read()
		lines <- result{line, err}
	}()
	select {
	case r := <-lines:
		return r.line, r.err
	case s := <-signals:
		return "", errors.New(s.String())
	}
}
