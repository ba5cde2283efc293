package main

import (
	"context"
	"errors"
	"io"
	"os"

	"postern/lib/prog"
	"postern/lib/sysexits"
)

// delegate has another program do what sendmail does itself: SMTP with the
// caller is smtpd's, the list of the queue runq's. It has our descriptors, and
// our environment, which is the caller's own.
func (c *config) delegate(stdin io.Reader, stdout, stderr io.Writer) int {
	name, flag := "smtpd", "-i"
	switch c.instead {
	case "i":
		return sysexits.OK
	case "p":
		name, flag = "runq", "-l"
	}
	path, err := prog.Find(c.places, name)
	if err != nil {
		return complain(stderr, sysexits.OSErr, err)
	}
	command := prog.Command{Path: path, Args: []string{flag}, Env: os.Environ(), Join: true}
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
