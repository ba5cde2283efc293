package main

import (
	"errors"
	"fmt"

	"postern/lib/arg"
)

// flags are smtpd's command line. They win over the configuration file.
type flags struct {
	config   string   // -C [dialect:]file
	check    bool     // --check
	version  bool     // -V
	cert     string   // -c
	debug    bool     // -d
	hostname string   // -h
	drop     []string // -k: networks whose connections are dropped without a word
	mailer   string   // -m
	netdir   string   // -n
	tlsFirst bool     // -t
	zone     string   // -z
	submit   bool     // --submit
	verbose  bool     // --verbose
	load     string   // -L
	router   string   // -R
	log      []string // -l

	// What keeps strangers at a distance.
	delay        bool // -D
	demandAuth   bool // -E
	skipHelo     bool // -e
	tagForged    bool // -f
	greylist     bool // -g
	quietHelo    bool // -q
	verifySender bool // -r
	saveBlocked  bool // -s

	batchFlags
	authFlags
}

func (f *flags) set() *arg.Set {
	s := arg.New("smtpd", "[-aBDEdefgipqrstVv] [-C [dialect:]file] [-c cert] [-h domain] [-k net]... [-L load] [-l SYSLOG|file]... [-m mailer] [-n netdir] [-R program] [-T '[ip]'] [-z zonefile] [--check] [--submit] [--verbose]")
	s.String(&f.config, "C", "[dialect:]file", "read this configuration")
	s.String(&f.cert, "c", "cert", "offer STARTTLS with the certificate and key in this PEM file")
	s.Bool(&f.check, "check", "check the configuration, print what is in force, and exit")
	s.Bool(&f.debug, "d", "trace each session into a file of its own")
	s.String(&f.hostname, "h", "domain", "receive mail for this domain and speak under its name")
	s.Strings(&f.drop, "k", "net", "drop connections from this address or network without a word")
	s.String(&f.mailer, "m", "mailer", "hand accepted mail to this program instead of delivering it")
	s.String(&f.netdir, "n", "netdir", "take the addresses from the files local and remote here")
	s.Bool(&f.tlsFirst, "t", "begin with the TLS handshake, as on port 465")
	s.Bool(&f.version, "V,version", "print the version and exit")
	s.String(&f.zone, "z", "zonefile", "answer DNS questions from this zone file")
	f.guardOptions(s)
	f.batchFlags.options(s)
	f.authFlags.options(s)
	s.String(&f.load, "L", "load", "refuse sessions while the load average is above this")
	s.String(&f.router, "R", "program", "ask this program about addresses")
	s.Strings(&f.log, "l", "SYSLOG|file", "log every session's dialogue there; may be said for both")
	s.Bool(&f.submit, "submit", "take mail of a user of this host, who is known by the Unix socket on standard input")
	s.Bool(&f.verbose, "verbose", "log complaints each time, not once in a while")
	return s
}

// guardOptions are those that keep strangers at a distance.
func (f *flags) guardOptions(s *arg.Set) {
	s.Bool(&f.delay, "D", "let strangers wait for the answer to their HELO")
	s.Bool(&f.demandAuth, "E", "demand authentication of strangers whose HELO is refused, instead of hanging up")
	s.Bool(&f.skipHelo, "e", "do not ask whether the name in HELO exists")
	s.Bool(&f.tagForged, "f", "tag strangers' mail that claims to be from one of our domains")
	s.Bool(&f.greylist, "g", "tell strangers to come again")
	s.Bool(&f.quietHelo, "q", "keep sessions out of the log whose HELO is refused")
	s.Bool(&f.verifySender, "r", "refuse senders whose domain takes no mail")
	s.Bool(&f.saveBlocked, "s", "keep copies of blocked messages")
}

// parse reads the command line. Its error is of usage, for set().Report.
func (f *flags) parse(args []string) error {
	if len(args) == 0 {
		return nil // as listen starts us: the set of options need not be made
	}
	operands, err := f.set().Parse(args)
	switch {
	case err != nil:
		return err
	case len(operands) > 0:
		return fmt.Errorf("unexpected operand %q", operands[0])
	}
	if f.submit && f.batch {
		return errors.New("--submit is for a socket, -i for what is none")
	}
	return f.batchFlags.verify()
}
