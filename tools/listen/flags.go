package main

import (
	"errors"
	"fmt"
	"slices"

	"postern/lib/arg"
)

// flags is the command line.
type flags struct {
	v4, v6                      bool
	check, checkProgram         bool
	debug, detach, replace      bool
	version                     bool
	config, port, pidFile, load string
	user, workers, total, each  string
	backlog                     string
	proxies, addresses          []string
	program                     []string // with its arguments
}

const synopsis = "[-46dDkV] [-b backlog] [-c total] [-C [dialect:]file] [-I pidfile] [-L load] [-m each] " +
	"[-p port] [-u user[:group]] [-w n[:uses[:at-once]]] [--proxy net] [--check] [--check-program] " +
	"[address ...] [-- program [argument ...]]"

// options are those of listen(8).
func (f *flags) options() *arg.Set {
	s := arg.New("listen", synopsis)
	s.Bool(&f.v4, "4", "IPv4 only")
	s.Bool(&f.v6, "6", "IPv6 only")
	s.String(&f.backlog, "b", "backlog", "connections that the kernel keeps until they are accepted")
	s.String(&f.total, "c", "total", "sessions at once")
	s.String(&f.config, "C", "[dialect:]file", "configuration, instead of smtpd.conf")
	s.Bool(&f.debug, "d", "log each connection")
	s.Bool(&f.detach, "D,detach", "run in the background once the sockets are bound")
	s.String(&f.pidFile, "I", "pidfile", "file for the process number")
	s.Bool(&f.replace, "k", "stop the listen that holds the pid file")
	s.String(&f.load, "L", "load", "refuse connections above this load average")
	s.String(&f.each, "m", "each", "sessions at once from one address (IPv6: one /64)")
	s.String(&f.port, "p", "port", "port of addresses that name none")
	s.String(&f.user, "u", "user[:group]", "become this user once the sockets are bound")
	s.String(&f.workers, "w", "n[:uses[:at-once]]", "n programs stay and are handed connections")
	s.Strings(&f.proxies, "proxy", "net", "connections from here begin with a PROXY header")
	s.Bool(&f.check, "check", "print the configuration in force, and do nothing")
	s.Bool(&f.checkProgram, "check-program", "have the program check its configuration, as is done for smtpd")
	s.Bool(&f.version, "V,version", "print the version and exit")
	return s
}

// parseFlags takes the command line apart: options and addresses in front of
// "--", the program behind it. The flags are never nil.
func parseFlags(args []string) (*flags, error) {
	f := new(flags)
	front := args
	if i := slices.Index(args, "--"); i >= 0 {
		front, f.program = args[:i], args[i+1:]
		if len(f.program) == 0 {
			return f, errors.New("no program behind --")
		}
	}
	var err error
	if f.addresses, err = f.options().Parse(front); err != nil {
		return f, err
	}
	if f.v4 && f.v6 {
		return f, errors.New("-4 and -6 exclude one another")
	}
	if f.replace && f.pidFile == "" {
		return f, errors.New("-k needs -I, the file that says whom to stop")
	}
	for _, a := range f.addresses {
		if _, err := parseAddress(a); err != nil {
			return f, fmt.Errorf("%w (the program stands behind --)", err)
		}
	}
	return f, nil
}
