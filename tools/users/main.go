// Users makes, checks and removes entries of the file that says who may log in
// to smtpd(8). See users(8).
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"postern/lib/arg"
	"postern/lib/auth"
	"postern/lib/place"
	"postern/lib/sysexits"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// flags is the command line.
type flags struct {
	check, remove, list, dry, version bool

	file, scheme, name string
}

func (f *flags) options() *arg.Set {
	s := arg.New("users", "[-cdlnV] [-f file] [-s scheme] [name]")
	s.Bool(&f.check, "c", "check a password, and change nothing")
	s.Bool(&f.remove, "d", "remove the user")
	s.String(&f.file, "f", "file", "the file of users")
	s.Bool(&f.list, "l", "list the users, and complain of lines that are of no use")
	s.Bool(&f.dry, "n", "print the entry, and change nothing")
	s.String(&f.scheme, "s", "scheme", "keep the password as argon2id, bcrypt, scram or plain (argon2id)")
	s.Bool(&f.version, "V,version", "print the version and exit")
	return s
}

// schemes are what -s may be.
var schemes = []auth.Scheme{auth.Argon2Scheme, auth.BcryptScheme, auth.ScramScheme, auth.PlainScheme}

// parse reads the command line. Its error is for options().Report.
func (f *flags) parse(args []string) error {
	f.file = filepath.Join(place.New(os.Getenv(place.RootEnv)).Etc(), "users")
	f.scheme = string(auth.Argon2Scheme)
	operands, err := f.options().Parse(args)
	if err != nil || f.version {
		return err
	}
	modes := 0
	for _, mode := range []bool{f.check, f.remove, f.list, f.dry} {
		if mode {
			modes++
		}
	}
	want := 1
	if f.list {
		want = 0
	}
	switch {
	case modes > 1:
		return errors.New("only one of -c, -d, -l and -n")
	case !slices.Contains(schemes, auth.Scheme(f.scheme)):
		return fmt.Errorf("-s: no scheme %q: there are argon2id, bcrypt, scram and plain", f.scheme)
	case len(operands) < want:
		return errors.New("which user?")
	case len(operands) > want:
		return fmt.Errorf("unexpected operand %q", operands[want])
	case want == 1:
		f.name = operands[0]
	}
	return nil
}

// run is the whole program. It returns an exit status of sysexits(3).
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	f := new(flags)
	if err := f.parse(args); err != nil {
		return f.options().Report(err, stdout, stderr)
	}
	if f.version {
		fmt.Fprintln(stdout, "users", place.Version())
		return sysexits.OK
	}
	err := f.do(stdin, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "users: %v\n", err)
	}
	return status(err)
}

// do does what was asked for.
func (f *flags) do(stdin io.Reader, stdout, stderr io.Writer) error {
	switch {
	case f.list:
		return f.show(stdout, stderr)
	case f.remove:
		return edit(f.file, func(text []byte) ([]byte, error) { return replace(text, f.name, "") })
	case f.check:
		return f.verify(stdin, stderr)
	}
	password, err := readPassword(stdin, stderr, true)
	if err != nil {
		return err
	}
	entry, err := auth.MakeEntry(f.name, auth.Scheme(f.scheme), password)
	if err != nil {
		return &dataError{err}
	}
	if f.dry {
		_, err := fmt.Fprintln(stdout, entry)
		return err
	}
	return edit(f.file, func(text []byte) ([]byte, error) { return replace(text, f.name, entry.String()) })
}

// show lists names and schemes. What is wrong with the file is told for each
// line, and is an error in the end.
func (f *flags) show(stdout, stderr io.Writer) error {
	text, err := os.ReadFile(f.file)
	if err != nil {
		return err
	}
	entries, faults := auth.Verify(f.file, text)
	var out bytes.Buffer
	for _, e := range entries {
		fmt.Fprintln(&out, e.Name, e.Scheme)
	}
	if _, err := stdout.Write(out.Bytes()); err != nil {
		return err
	}
	for _, fault := range faults {
		fmt.Fprintf(stderr, "users: %v\n", fault)
	}
	if len(faults) > 0 {
		return &dataError{errors.New("some lines are of no use")}
	}
	return nil
}

// verify checks a password.
func (f *flags) verify(stdin io.Reader, stderr io.Writer) error {
	text, err := os.ReadFile(f.file)
	if err != nil {
		return err
	}
	line, ok := find(text, f.name)
	if !ok {
		return errNoUser
	}
	entry, err := auth.ParseEntry(line)
	if err != nil {
		return &dataError{fmt.Errorf("%s: %s: %w", f.file, f.name, err)}
	}
	password, err := readPassword(stdin, stderr, false)
	if err != nil {
		return err
	}
	return entry.Check(password)
}

// errNoUser is a name without an entry.
var errNoUser = errors.New("no such user")

// A dataError is about what was said, or stands in the file.
type dataError struct{ error }

func (e *dataError) Unwrap() error { return e.error }

// status is the exit status for an error.
func status(err error) int {
	var data *dataError
	switch {
	case err == nil:
		return sysexits.OK
	case errors.As(err, &data):
		return sysexits.DataErr
	case errors.Is(err, errNoUser):
		return sysexits.NoUser
	case errors.Is(err, auth.ErrCredentials):
		return sysexits.NoPerm
	case errors.Is(err, fs.ErrNotExist):
		return sysexits.NoInput
	case errors.Is(err, fs.ErrPermission):
		return sysexits.NoPerm
	}
	return sysexits.TempFail
}
