package tool

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"

	"postern/lib/arg"
	"postern/lib/dns"
	"postern/lib/place"
)

// maxJobs bounds -j.
const maxJobs = 4096

// Flags are the options that mean the same in all tools.
type Flags struct {
	Policy  bool   // -P: be a policy server
	Jobs    int    // -j: lines that a filter works on at once
	JSON    bool   // -J: write JSON lines
	Server  string // -r: name servers
	Zone    string // -z: the file that answers instead of the DNS
	Record  string // --record: the file that keeps the DNS answers used
	Config  string // -C: configuration, [dialect:]file
	Check   bool   // --check: show the configuration and do no more
	Debug   bool   // -d
	Dry     bool   // -n: change nothing, and say what would be done
	Version bool   // -V
}

// Add adds the options to a program's.
func (f *Flags) Add(s *arg.Set) {
	s.Bool(&f.Policy, "P", "be a policy server for Postfix on standard input and output")
	s.Int(&f.Jobs, "j", "n", "work on n lines at once")
	s.Bool(&f.JSON, "J", "write JSON lines")
	s.String(&f.Server, "r", "ip[:port]", "name servers to ask, with commas between them; $"+place.ResolverEnv)
	s.String(&f.Zone, "z", "file", "answer DNS questions from this zone file")
	s.String(&f.Record, "record", "file", "keep the DNS answers that were used in a zone file for -z")
	s.String(&f.Config, "C", "[dialect:]file", "configuration")
	s.Bool(&f.Check, "check", "check the configuration and print what is in force")
	s.Bool(&f.Debug, "d", "debug to standard error")
	s.Bool(&f.Dry, "n", "change nothing, and say what would be done")
	s.Bool(&f.Version, "V,version", "print the version and exit")
}

// verify says what is wrong with the options taken together, and with operands
// where nothing asks for them.
func (f *Flags) verify(operands []string) error {
	switch {
	case f.Jobs < 0 || f.Jobs > maxJobs:
		return errors.New("option -j: out of range")
	case f.Policy && f.JSON:
		return errors.New("only one of -P and -J")
	case len(operands) > 0 && f.Policy:
		return fmt.Errorf("-P: unexpected operand %q: requests come from standard input", operands[0])
	}
	return nil
}

// Resolver returns the resolver that the options and $POSTERN_RESOLVER ask for,
// a direct one for a single check, and what to close when all is done: then the
// answers that --record keeps are all in their file.
func (f *Flags) Resolver(single bool) (dns.Resolver, io.Closer, error) {
	choose := dns.Select
	if single {
		choose = dns.Direct
	}
	r, err := choose(cmp.Or(f.Server, os.Getenv(place.ResolverEnv)), f.Zone)
	if err != nil {
		return nil, nil, err
	}
	if f.Record == "" {
		return r, nothing{}, nil
	}
	file, err := os.OpenFile(f.Record, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, nil, err
	}
	rec := dns.NewRecorder(r, file)
	return rec, rec, nil
}

// nothing has nothing to close.
type nothing struct{}

func (nothing) Close() error { return nil }
