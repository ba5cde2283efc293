// Package tool is what all checking programs have in common: the three ways in
// which each can be used. With operands it makes one check for a person; without
// it is a filter of session records, one a line; with -P it is a policy server
// for Postfix. A program brings its check, and Run does the rest:
//
//	func main() { os.Exit(tool.Run(program(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
//
//	func program() *tool.Program {
//		return &tool.Program{
//			Name: "parity", Synopsis: "[ip [sender [helo]]]", Sets: []string{"parity"},
//			Open: func(*tool.Env) (tool.Checker, error) { return checker{}, nil },
//		}
//	}
//
//	func (checker) Check(_ context.Context, r *record.Record) (tool.Result, error) {
//		addr, err := tool.ClientAddress(r)
//		if err != nil {
//			return nil, err
//		}
//		return parity(addr.AsSlice()[addr.BitLen()/8-1] & 1), nil
//	}
//
// where parity is a byte with the four methods of Result.
package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"postern/lib/arg"
	"postern/lib/dns"
	"postern/lib/maillog"
	"postern/lib/record"
)

// ErrInput is the kind of error of a check that its record does not give what
// is needed: exit status 65.
var ErrInput = errors.New("input not understood")

// UsageError is an error of Open that is one of the command line: exit status 64.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Program is a checking program. Only Name and Open must be there.
type Program struct {
	Name     string
	Synopsis string // what stands in the usage behind the options that all tools have
	// Sets names the attributes that are this program's to say. Whatever a
	// record says in them is taken out before it is checked.
	Sets []string
	// Jobs is how many lines a filter works on at once when there is no -j;
	// 1 when it is zero, which suits a check that waits for nothing.
	Jobs int
	// Processors is how many processors a filter works on, all when it is
	// zero. A check that does little but ask is done sooner on one: answers
	// pile up there while questions are made, instead of waking somebody each.
	Processors int
	// Limit is the time limit of one check; 20 s.
	Limit time.Duration
	// Flags adds the program's own options.
	Flags func(s *arg.Set)
	// Words makes a record from operands, and from a line of a filter that is
	// no record; Words of this package when it is nil.
	Words func(words []string) (record.Record, error)
	// Open makes the check, once, when the command line has been read. An
	// error is one of configuration, exit status 78, unless it is ErrInput, a
	// UsageError, or an option that its directive refuses.
	Open func(e *Env) (Checker, error)
	// Mode, when it is there, is called before anything else is done, for
	// what a program can do besides checking (spf --lint). It is done when
	// Mode says so, with an exit status.
	Mode func(e *Env, operands []string) (status int, done bool)
}

// Env is what a program is given to work with.
type Env struct {
	Flags
	DNS    dns.Resolver // as -r, -z and $POSTERN_RESOLVER say; it asks nothing by itself
	Log    *maillog.Logger
	Stdout io.Writer // for Mode
	Stderr io.Writer
	// Operands tells that one check is made for a person.
	Operands bool

	name string // of the program
}

// Checker makes checks, several at a time.
type Checker interface {
	// Check looks at a record and says what it found. It must not change the
	// record. An error means that there is no result: ErrInput when the
	// record is to blame, else the check's own fault.
	Check(ctx context.Context, r *record.Record) (Result, error)
}

// BatchChecker is a Checker that makes several checks at once for less than one
// by one. A filter then hands it lines that came together, together.
type BatchChecker interface {
	Checker
	// CheckEach is Check for each of the records. It tells what became of
	// each, with its place, as soon as that is known, and returns when all
	// have been told. Several goroutines may tell at the same time.
	CheckEach(ctx context.Context, records []*record.Record, tell func(place int, o Outcome))
}

// Outcome is what Check returns.
type Outcome struct {
	Result Result
	Err    error
}

// Configured is a Checker that has a configuration, which --check shows.
type Configured interface {
	// WriteConfig writes what is in force, in the grammar of the
	// configuration.
	WriteConfig(w io.Writer) error
}

// Result is what a check found. Only what is wanted is asked of it.
type Result interface {
	// Record sets the attributes of the program in r.
	Record(r *record.Record)
	// Status is the verdict: 0 no objection, 77 refuse, 75 try again, 65 the
	// subject of the check is faulty.
	Status() int
	// Action is the verdict as Postfix's access(5) has it, "550 5.7.1 ...",
	// "PREPEND Field: ..."; "" for no objection.
	Action() string
	// Text is the result for a person, a line or several, without the last
	// line end.
	Text() string
}

// Words makes a record of "address [sender [helo]]", as asmtpd's test modes took
// them. A sender written <> is the null one.
func Words(words []string) (record.Record, error) { return record.FromWords(words) }

// ClientAddress returns the client's address in a record, a v4-mapped one
// unmapped. The error is ErrInput.
func ClientAddress(r *record.Record) (netip.Addr, error) {
	value, ok := r.Lookup("client_address")
	if !ok {
		return netip.Addr{}, fmt.Errorf("%w: no client_address", ErrInput)
	}
	addr, err := netip.ParseAddr(value)
	if err != nil {
		return addr, fmt.Errorf("%w: client_address %.60q is not an IP address", ErrInput, value)
	}
	return addr.Unmap().WithZone(""), nil
}

// words makes a record from words as the program takes them.
func (p *Program) words(words []string) (record.Record, error) {
	if p.Words != nil {
		return p.Words(words)
	}
	return Words(words)
}
