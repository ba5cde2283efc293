package auth

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"postern/lib/prog"
)

// programLimit is how long a program may think about a password.
const programLimit = 30 * time.Second

// ProgramOptions say which program knows the users.
type ProgramOptions struct {
	Path  string   // absolute
	Args  []string // in front of the user's name
	Env   []string // all of its environment
	Limit time.Duration
	Slots Slots
	// Log hears the first line that the program wrote, for a user; the
	// password is not in it.
	Log func(user, line string)
}

// Program is a back-end: a program that is run with the user's name as its
// last argument and the password and LF on its standard input. It exits 0 for
// a password that is right, and with anything else for one that is not.
type Program struct{ options ProgramOptions }

// NewProgram makes a back-end of a program.
func NewProgram(o ProgramOptions) *Program {
	if o.Limit == 0 {
		o.Limit = programLimit
	}
	return &Program{o}
}

// Mechanisms are PLAIN and LOGIN: the program wants the password itself.
func (p *Program) Mechanisms(context.Context) ([]string, error) { return []string{Plain, Login}, nil }

// Begin starts an exchange.
func (p *Program) Begin(_ context.Context, mechanism string, peer Peer) (Exchange, error) {
	if mechanism != Plain && mechanism != Login {
		return nil, ErrMechanism
	}
	return begin(mechanism, peer, programAccounts{p})
}

// programAccounts never has to answer what PLAIN and LOGIN do not ask.
type programAccounts struct{ *Program }

func (programAccounts) secret(string) (string, error)  { return "", ErrMechanism }
func (programAccounts) keys(string) (ScramKeys, error) { return ScramKeys{}, ErrMechanism }

// verify asks the program. A name that it could take for an option, and a
// password that is more than a line, it is not asked about.
func (p *Program) verify(ctx context.Context, user, password string) error {
	if strings.HasPrefix(user, "-") || strings.ContainsAny(password, "\x00\r\n") {
		return ErrCredentials
	}
	release, err := p.options.Slots.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	input, err := filledPipe(password + "\n")
	if err != nil {
		return unavailable(err)
	}
	defer input.Close()
	result, err := prog.Run(ctx, prog.Command{
		Path: p.options.Path, Args: append(p.options.Args[:len(p.options.Args):len(p.options.Args)], user),
		Env: p.options.Env, Stdin: input, Limit: p.options.Limit,
	})
	p.report(user, password, result)
	return p.judge(result, err)
}

// judge is what the end of the program says. One that cannot be started lets
// nobody in either; when that may pass, no password was wrong.
func (p *Program) judge(result prog.Result, err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return unavailable(fmt.Errorf("%s: %w", p.options.Path, err))
	case scarce(err):
		return unavailable(err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrCredentials, err)
	case result.Signal != 0:
		return fmt.Errorf("%w: %s: %v", ErrCredentials, p.options.Path, result.Signal)
	case result.Status != 0:
		return ErrCredentials
	}
	return nil
}

// scarce says that there is no process, descriptor or memory to be had now.
func scarce(err error) bool {
	for _, e := range [...]error{syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// report gives the first line of what the program wrote to the log.
func (p *Program) report(user, password string, result prog.Result) {
	line, _, _ := strings.Cut(string(result.Output), "\n")
	if line == "" {
		line = result.Reason
	}
	if line == "" || p.options.Log == nil {
		return
	}
	if password != "" {
		line = strings.ReplaceAll(line, password, "(password)")
	}
	p.options.Log(user, line)
}

// filledPipe is the reading end of a pipe that holds text and no more. The
// text has to fit into a page, which the emptiest pipe takes without a reader.
func filledPipe(text string) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if _, err := w.WriteString(text); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}
