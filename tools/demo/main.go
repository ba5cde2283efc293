// Demo builds the programs into a private instance, sends itself a message
// over SMTP, shows what happens, and goes on receiving mail. It needs nothing
// but Go: no root, no DNS, no certificate. See demo(1).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"postern/lib/arg"
	"postern/lib/place"
	"postern/lib/sysexits"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// flags is the command line.
type flags struct {
	once    bool
	version bool
	dir     string
	port    int
}

// defaultPort is where the search for a free port begins.
const defaultPort = 2525

// parse reads the command line.
func (f *flags) parse(args []string) (*arg.Set, error) {
	set := arg.New("demo", "[-1V] [-d dir] [-p port]")
	f.port = defaultPort
	set.Bool(&f.once, "1", "receive one message, its own, and end")
	set.String(&f.dir, "d", "dir", "keep the instance in this folder, instead of a temporary one")
	set.Int(&f.port, "p", "port", "listen on this port of 127.0.0.1, or the next free one (2525)")
	set.Bool(&f.version, "V,version", "print the version and exit")
	operands, err := set.Parse(args)
	if err == nil && len(operands) > 0 {
		err = fmt.Errorf("unexpected argument %q", operands[0])
	}
	if err == nil && (f.port < 1 || f.port > 65535) {
		err = fmt.Errorf("-p %d: a port is from 1 to 65535", f.port)
	}
	return set, err
}

// run is the program: it answers the exit status.
func run(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	f := new(flags)
	if set, err := f.parse(args); err != nil {
		return set.Report(err, stdout, stderr)
	}
	if f.version {
		fmt.Fprintln(stdout, "demo", place.Version())
		return sysexits.OK
	}
	// A closed pipe ends it like an interrupt, so that everything is put away.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	err := show(ctx, f, newScreen(stdout))
	if err == nil {
		return sysexits.OK
	}
	fmt.Fprintf(stderr, "demo: %s\n", strings.TrimSpace(err.Error()))
	return status(ctx, err)
}

// status is the exit status for an error.
func status(ctx context.Context, err error) int {
	var f *failure
	switch {
	case ctx.Err() != nil: // interrupted before it had shown what it is for
		return sysexits.TempFail
	case errors.As(err, &f):
		return f.status
	}
	return sysexits.Software
}

// failure is an error that has an exit status of its own.
type failure struct {
	status int
	error
}

// Unwrap gives the error itself.
func (f *failure) Unwrap() error { return f.error }

// failf makes a failure.
func failf(status int, format string, args ...any) error {
	return &failure{status, fmt.Errorf(format, args...)}
}
