package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"postern/lib/arg"
	"postern/lib/auth"
	"postern/lib/conf"
)

// authConfig is what is in force for AUTH.
type authConfig struct {
	users      string   // file of entries
	program    []string // and its arguments
	socket     string   // Dovecot's
	sasl       int      // 0: no AUTH; 1: users have no rights; 2: they may relay
	old        bool     // list AUTH= too
	mechanisms []string // none: those of the back-end
	clear      bool     // plaintext mechanisms without TLS
	msa        bool     // strangers have to log in
	failures   int      // in a session
	failRate   rate     // from one address
	delay      time.Duration
}

// defaultAuth: whoever logs in may relay, three guesses a session.
func defaultAuth() authConfig {
	return authConfig{sasl: 2, failures: 3, failRate: rate{60, 20}, delay: time.Second}
}

// authRows are about AUTH.
var authRows = []conf.Row[authConfig]{
	{Name: "Users", Args: "file",
		Value: func(a *authConfig) conf.Value { return conf.String(&a.users) },
		Help:  "Let in by AUTH who has an entry in this file, see users(8); below EtcDir unless absolute."},
	{Name: "AuthProgram", Synonyms: []string{"SMTP-auth-pipe"}, Args: "program [argument ...]",
		Value: func(a *authConfig) conf.Value { return conf.Strings(&a.program) },
		Help:  "Let in whom this program does not object to: it is run with the user's name as its last argument, the password and a line end on standard input, and exits 0."},
	{Name: "AuthDovecot", Args: "socket",
		Value: func(a *authConfig) conf.Value { return conf.String(&a.socket) },
		Help:  "Let in whom Dovecot lets in, asked at its auth-client socket."},
	{Name: "SASL", Args: "[0|1|2]", Default: "2",
		Value: func(a *authConfig) conf.Value { return conf.Int(&a.sasl, 0, 2) },
		Old:   conf.Old{Avenger: "0", ZMailer: "0"},
		Help:  "What AUTH is good for: 0 not offered, 1 the user's name is known and gives no right, 2 users may relay."},
	{Name: "smtp-auth", Args: "[0|1]", Default: "0",
		Value: func(a *authConfig) conf.Value { return conf.Bool(&a.old) },
		Help:  "As SASL 2, and list the mechanisms as AUTH= too, for clients that know no better."},
	{Name: "AuthMechanisms", Synonyms: []string{"sasl-mechanisms"}, Args: "mechanism ...",
		Value: func(a *authConfig) conf.Value { return conf.Strings(&a.mechanisms) },
		Help:  "Offer these, in this order, and not all that every user can be let in by."},
	{Name: "AuthPlainClear", Synonyms: []string{"AUTH-LOGIN-also-without-TLS", "InsecureSASL"}, Args: "[0|1]", Default: "0",
		Value: func(a *authConfig) conf.Value { return conf.Bool(&a.clear) },
		Help:  "Take passwords in the clear too."},
	{Name: "MSA-mode", Args: "[0|1]", Default: "0",
		Value: func(a *authConfig) conf.Value { return conf.Bool(&a.msa) },
		Help:  "Take mail from users and TrustedNet alone, as on port 587, and say in a header field who sent it."},
	{Name: "AuthFailures", Args: "number", Default: "3",
		Value: func(a *authConfig) conf.Value { return conf.Int(&a.failures, 1, 100) },
		Help:  "Failed attempts to log in, after which a session is ended (421)."},
	{Name: "AuthFailRate", Args: "per-hour [max]", Default: "60 20",
		Value: func(a *authConfig) conf.Value { return a.failRate.value() },
		Help:  "Failed attempts from one address an hour, and at once, beyond which it may not try (454); 0 for no limit. TrustedNet is exempt."},
	{Name: "AuthDelay", Args: "seconds", Default: "1",
		Value: func(a *authConfig) conf.Value { return conf.Duration(&a.delay) },
		Help:  "How long the answer to a failed attempt takes; twice as long for each further one in the session."},
}

// completeAuth fills in what depends on the rest, and says what does not go
// together.
func (c *config) completeAuth() error {
	a := &c.auth
	a.users = c.below(a.users)
	if a.old {
		a.sasl = 2
	}
	backends := 0
	for _, set := range []bool{a.users != "", len(a.program) > 0, a.socket != ""} {
		if set {
			backends++
		}
	}
	var errs []error
	if backends > 1 {
		errs = append(errs, errors.New("only one of Users, AuthProgram and AuthDovecot can say who may come in"))
	}
	if c.flags.authNeeded && (backends == 0 || a.sasl == 0) {
		errs = append(errs, errors.New("-a demands AUTH, which is not to be had: set Users, AuthProgram or AuthDovecot, and SASL"))
	}
	if len(a.program) > 0 && !filepath.IsAbs(a.program[0]) {
		errs = append(errs, fmt.Errorf("AuthProgram %q: wants an absolute path", a.program[0]))
	}
	return errors.Join(append(errs, a.checkMechanisms())...)
}

// checkMechanisms says which of AuthMechanisms the back-end can never have.
func (a *authConfig) checkMechanisms() error {
	for i, m := range a.mechanisms {
		m = strings.ToUpper(m)
		a.mechanisms[i] = m
		known := auth.ValidMechanism(m)
		switch {
		case len(a.program) > 0:
			known = m == auth.Plain || m == auth.Login
		case a.users != "":
			known = slices.Contains([]string{auth.Plain, auth.Login, auth.CramMD5, auth.Scram, auth.ScramPlus}, m)
		}
		if !known {
			return fmt.Errorf("AuthMechanisms: %q is not to be had here", m)
		}
	}
	return nil
}

// checkUsers says for --check which entries are of no use. They keep nobody
// else out, so that they are no errors of the configuration.
func (c *config) checkUsers(stderr io.Writer) {
	if c.auth.users == "" {
		return
	}
	text, err := os.ReadFile(c.auth.users)
	faults := []error{err}
	if err == nil {
		_, faults = auth.Verify(c.auth.users, text)
	}
	for _, fault := range faults {
		fmt.Fprintf(stderr, "smtpd: Users: %v\n", fault)
	}
}

// authFlags are the options about AUTH.
type authFlags struct {
	authNeeded bool // -a
	authClear  bool // -p
}

func (f *authFlags) options(s *arg.Set) {
	s.Bool(&f.authNeeded, "a", "demand that the client logs in before it sends mail")
	s.Bool(&f.authClear, "p", "take passwords in the clear too")
}
