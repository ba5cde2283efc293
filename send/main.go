// Send decides where the recipients of a message go and delivers it: into
// mailboxes of its own user at once, everything else by way of the queue. Its
// command line is that of sendmail(8).
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"postern/lib/deliver"
	"postern/lib/place"
	"postern/lib/stack"
	"postern/lib/sysexits"
)

func main() {
	stack.Grow()
	os.Exit(run(byName(os.Args), os.Stdin, os.Stdout, os.Stderr))
}

// byName returns the arguments, with -bp or -bi in front when the program was
// called as mailq or newaliases.
func byName(argv []string) []string {
	switch filepath.Base(argv[0]) {
	case "mailq":
		return append([]string{"-bp"}, argv[1:]...)
	case "newaliases":
		return append([]string{"-bi"}, argv[1:]...)
	}
	return argv[1:]
}

// run is the program. Its status is one of sysexits(3): 0 says that every
// recipient is safe somewhere, any other that nobody got the message.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := newConfig(place.New(os.Getenv(place.RootEnv)))
	options := c.options()
	operands, err := options.Parse(c.withoutOptional(args))
	if err == nil {
		err = c.complete(operands)
	}
	if err != nil {
		return options.Report(err, stdout, stderr)
	}
	if c.version {
		fmt.Fprintln(stdout, "send", place.Version())
		return sysexits.OK
	}
	if err := c.load(stderr); err != nil && !c.mayLack(err) {
		return complain(stderr, loadStatus(err), err)
	}
	if c.instead != "" {
		return c.delegate(stdin, stdout, stderr)
	}
	p := &program{config: c, mail: deliver.New(c.mail, c.places), stdin: stdin, stdout: stdout, stderr: stderr}
	return p.do(operands)
}

// loadStatus is the status for a configuration that cannot be had: one that
// cannot be read, for want of descriptors or because a disk fails, is not wrong,
// and callers that bounce mail for 78 are to try again.
func loadStatus(err error) int {
	if errors.As(err, new(*fs.PathError)) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return sysexits.TempFail
	}
	return sysexits.Config
}

// complain tells a person what is wrong and gives the status for it. The line
// is also the reason that a caller passes on.
func complain(stderr io.Writer, status int, err error) int {
	fmt.Fprintf(stderr, "send: %v\n", err)
	return status
}

// program is one run of send.
type program struct {
	*config
	mail           *deliver.Deliverer
	stdin          io.Reader
	stdout, stderr io.Writer
}

// do does what the command line asks for.
func (p *program) do(operands []string) int {
	if p.check {
		return p.showConfig()
	}
	if p.final != "" {
		return p.finish(operands)
	}
	if p.explain || p.commands {
		return p.show(operands)
	}
	return p.submit(operands)
}
