package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"postern/lib/prog"
	"postern/lib/sysexits"
)

// delegate has another program do what sendmail would do itself: smtpd speaks SMTP
// with the caller (-bs), runq lists the queue (-bp) and works on it (-q). The
// program has our descriptors and our environment, which are the caller's own. A
// user who may not use the queue is served over a socket instead.
func (c *config) delegate(stdin io.Reader, stdout, stderr io.Writer) int {
	if c.instead == "i" {
		return sysexits.OK
	}
	if c.outsider() {
		switch c.instead {
		case "s":
			return c.talk(stdin, stdout, stderr)
		case "p":
			return c.showOwn(stdout, stderr)
		}
	}
	name, args, err := c.substitute()
	if err != nil {
		return complain(stderr, sysexits.Usage, err)
	}
	return c.become(name, args, stdin, stdout, stderr)
}

// become runs a sister program in our place, and returns its status.
func (c *config) become(name string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	path, err := prog.Find(c.places, name)
	if err != nil {
		return complain(stderr, sysexits.OSErr, err)
	}
	command := prog.Command{Path: path, Args: args, Env: os.Environ(), Join: true}
	command.Stdin, _ = stdin.(*os.File)
	command.Stdout, _ = stdout.(*os.File)
	result, err := prog.Run(context.Background(), command)
	if err != nil {
		return complain(stderr, sysexits.OSErr, err)
	}
	stdout.Write(result.Output)
	if result.Status != sysexits.OK {
		return complain(stderr, result.Status, errors.New(result.Reason))
	}
	return sysexits.OK
}

// substitute is the program that does what was asked for.
func (c *config) substitute() (name string, args []string, err error) {
	switch c.instead {
	case "s":
		return "smtpd", []string{"-i"}, nil
	case "p":
		return "runq", []string{"-l"}, nil
	}
	args, err = queueArgs(c.queueRun)
	return "runq", args, err
}

// queueArgs is a value of sendmail's -q as arguments of runq: all that waits,
// or with I an entry, with R and S a domain.
func queueArgs(value string) ([]string, error) {
	switch {
	case value == "":
		return []string{"-E"}, nil
	case len(value) > 1 && strings.IndexByte("IRS", value[0]) >= 0:
		return []string{"-q", strings.TrimPrefix(value[1:], "@")}, nil
	}
	return nil, fmt.Errorf("-q%s: to work on the queue again and again is runq.service, or runq -w", value)
}
