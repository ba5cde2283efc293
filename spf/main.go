// Spf tells whether a host may send mail in the name of a domain: SPF, RFC
// 7208. See spf(1).
package main

import (
	"fmt"
	"io"
	"os"

	"postern/lib/arg"
	"postern/lib/spf"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{traceEnv: os.Getenv(traceEnv)}
	return tool.Run(p.tool(), args, stdin, stdout, stderr)
}

// jobs is how many checks a filter makes at once: enough to keep a name server
// busy, and few enough not to overrun it.
const jobs = 64

// program is what the command line asks for besides what all tools have.
type program struct {
	rules    string // -e
	is       string // --is
	lint     bool
	fresh    bool   // --no-cache
	verbose  int    // -v
	traceEnv string // $SPF_TRACE
}

func (p *program) tool() *tool.Program {
	return &tool.Program{
		Name:     "spf",
		Synopsis: "[-v] [-e rules] [--is result[,result]] [--lint] [ip sender [helo] | domain ...]",
		Sets:     spf.Attributes(),
		Jobs:     jobs,
		Limit:    spf.Limit,
		Flags:    p.flags,
		Words:    words,
		Open:     p.open,
		Mode:     p.mode,
	}
}

func (p *program) flags(s *arg.Set) {
	s.Count(&p.verbose, "v", "trace the evaluation to standard error; more with -vv, -vvv and -vvvv")
	s.String(&p.rules, "e", "rules", "evaluate these rules in place of what domains publish")
	s.String(&p.is, "is", "result[,result]", "exit 0 when the result is one of these, and 1 when it is not")
	s.Bool(&p.fresh, "no-cache", "with -r: ask again each time, and keep no answers")
	s.Bool(&p.lint, "lint", "say what is wrong with the records of domains")
}

// mode does what is not checking.
func (p *program) mode(e *tool.Env, operands []string) (status int, done bool) {
	switch {
	case !p.lint:
		return 0, false
	case len(operands) == 0:
		fmt.Fprintln(e.Stderr, "spf: --lint: which domain?")
		return sysexits.Usage, true
	}
	return lint(e, operands), true
}
