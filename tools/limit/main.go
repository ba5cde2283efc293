// Limit counts how often something is done, in buckets that all processes of
// the host share, and sweeps what they share. See limit(1).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"postern/lib/arg"
	"postern/lib/place"
	"postern/lib/state"
	"postern/lib/sysexits"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// flags is the command line.
type flags struct {
	dry, sweep, version bool
	folder              string

	key             string
	perHour, max, n float64
}

func (f *flags) options() *arg.Set {
	s := arg.New("limit", "[-n] [-s folder] key rate max [n] | --sweep [-s folder] | -V")
	s.Bool(&f.dry, "n", "say whether there is room, and take none")
	s.String(&f.folder, "s", "folder", "where the state is kept")
	s.Bool(&f.sweep, "sweep", "remove what is of no more use, of all that is kept there")
	s.Bool(&f.version, "V,version", "print the version and exit")
	return s
}

// parse reads the command line. Its error is for options().Report.
func (f *flags) parse(args []string) error {
	f.folder = filepath.Join(place.New(os.Getenv(place.RootEnv)).Lib(), "state")
	operands, err := f.options().Parse(args)
	switch {
	case err != nil || f.version:
		return err
	case f.sweep && f.dry:
		return errors.New("-n does not go with --sweep")
	case f.sweep && len(operands) > 0:
		return fmt.Errorf("unexpected operand %q", operands[0])
	case f.sweep:
		return nil
	}
	return f.bucket(operands)
}

// bucket reads key, rate, max and n.
func (f *flags) bucket(operands []string) (err error) {
	switch {
	case len(operands) < 3:
		return errors.New("wants a key, a rate an hour, and how many may come at once")
	case len(operands) > 4:
		return fmt.Errorf("unexpected operand %q", operands[4])
	}
	f.key, f.n = operands[0], 1
	if f.perHour, err = number(operands[1], 0); err != nil {
		return err
	}
	if f.max, err = number(operands[2], 0); err != nil {
		return err
	}
	if len(operands) == 4 {
		f.n, err = number(operands[3], -mostNumber)
	}
	return err
}

// mostNumber is the largest number that may be said.
const mostNumber = 1e9

// number reads a number that is not less than least.
func number(word string, least float64) (float64, error) {
	x, err := strconv.ParseFloat(word, 64)
	if err != nil || !(x >= least && x <= mostNumber) {
		return 0, fmt.Errorf("%q is not a number from %.0f to %.0f", word, least, mostNumber)
	}
	return x, nil
}

// run is the whole program. It returns an exit status of sysexits(3).
func run(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	f := new(flags)
	if err := f.parse(args); err != nil {
		return f.options().Report(err, stdout, stderr)
	}
	switch {
	case f.version:
		fmt.Fprintln(stdout, "limit", place.Version())
		return sysexits.OK
	case f.sweep:
		return f.sweepAll(stdout, stderr)
	}
	return f.take(stderr)
}

// take puts n into the bucket, or says when there will be room.
func (f *flags) take(stderr io.Writer) int {
	r := state.Open(f.folder).Rate(f.key, f.perHour, f.max)
	do := r.Take
	if f.dry {
		do = r.Peek
	}
	ok, wait, err := do(context.Background(), f.n, time.Now())
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "limit: %v\n", err)
	case ok:
		return sysexits.OK
	case wait == state.Never:
		fmt.Fprintf(stderr, "limit: %q: there will never be room for %s\n", f.key, strconv.FormatFloat(f.n, 'f', -1, 64))
	default:
		fmt.Fprintf(stderr, "limit: %q: full, room in %v\n", f.key, roundUp(wait))
	}
	return sysexits.TempFail
}

// roundUp is a time rounded up to whole seconds.
func roundUp(d time.Duration) time.Duration {
	return (d + time.Second - 1).Truncate(time.Second)
}

// sweepAll removes what is dead, and says how much it was.
func (f *flags) sweepAll(stdout, stderr io.Writer) int {
	n, err := state.Open(f.folder).Sweep(context.Background(), time.Now())
	fmt.Fprintf(stdout, "removed=%d\n", n)
	if err != nil {
		fmt.Fprintf(stderr, "limit: %v\n", err)
		return sysexits.TempFail
	}
	return sysexits.OK
}
