// Smtpfilter has the host's packet filter keep out the clients that smtpd wants
// kept out, which itself lacks the privilege for that. See smtpfilter(8).
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"postern/lib/arg"
	"postern/lib/maillog"
	"postern/lib/place"
	"postern/lib/sysexits"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// flags is the command line.
type flags struct {
	config              string
	check, dry, version bool
}

func (f *flags) options() *arg.Set {
	s := arg.New("smtpfilter", "[-nV] [-C [dialect:]file] [--check]")
	s.String(&f.config, "C", "[dialect:]file", "read this configuration")
	s.Bool(&f.check, "check", "check the configuration, print what is in force, and exit")
	s.Bool(&f.dry, "n", "print what would be run now, and do nothing")
	s.Bool(&f.version, "V,version", "print the version and exit")
	return s
}

// parse reads the command line. Its error is for options().Report.
func (f *flags) parse(args []string) error {
	operands, err := f.options().Parse(args)
	if err == nil && len(operands) > 0 {
		err = fmt.Errorf("unexpected operand %q", operands[0])
	}
	return err
}

// run is the whole program. It returns an exit status of sysexits(3).
func run(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	f := new(flags)
	if err := f.parse(args); err != nil {
		return f.options().Report(err, stdout, stderr)
	}
	if f.version {
		fmt.Fprintln(stdout, "smtpfilter", place.Version())
		return sysexits.OK
	}
	places := place.New(os.Getenv(place.RootEnv))
	c, err := loadConfig(f.config, places)
	if err == nil && f.check {
		return c.report(stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "smtpfilter: %v\n", err)
		return sysexits.Config
	}
	k := newKeeper(c, filepath.Join(places.Lib(), "filter"), stderr)
	if f.dry {
		return k.preview(stdout)
	}
	return k.untilSignal(stderr)
}

// untilSignal works until it is told to stop, or cannot begin.
func (k *keeper) untilSignal(stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := k.serve(ctx); err != nil {
		fmt.Fprintf(stderr, "smtpfilter: %v\n", err)
		return sysexits.TempFail
	}
	return sysexits.OK
}

// preview prints what would be run now.
func (k *keeper) preview(stdout io.Writer) int {
	k.dry = true
	k.do = func(_ context.Context, words ...string) error {
		_, err := fmt.Fprintln(stdout, strings.Join(k.command(words), " "))
		return err
	}
	if err := k.look(context.Background(), k.now()); err != nil {
		k.complain(maillog.Err, err)
		return sysexits.TempFail
	}
	return sysexits.OK
}
