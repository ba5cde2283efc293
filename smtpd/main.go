// Smtpd receives mail: it speaks SMTP with the client on its standard input
// and output, decides with what can be known about the client, and delivers
// what it accepts or hands it to a mailer. See smtpd(8).
//
// Where things are: main.go, server.go and worker.go start sessions, session.go has
// the dialogue. verbs.go has the table of verbs, and each verb its own file, such
// as rcpt.go or starttls.go. A message is received in data.go or bdat.go, for the
// transaction in transaction.go, and goes through the drafts in draft.go.
// evidence.go has what is asked about a client while the dialogue goes on;
// lib/check decides with it. The files named config or directives have what the
// configuration may say.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"

	"postern/lib/place"
	"postern/lib/stack"
	"postern/lib/sysexits"
)

func main() {
	stack.Grow()
	// Beyond a file size limit a write is to fail, not to kill us: the client
	// is told to come back.
	signal.Ignore(unix.SIGXFSZ)
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program: flags and configuration, then the sessions that
// this process is there for. It returns an exit status of sysexits(3).
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	places := place.New(os.Getenv(place.RootEnv))
	f := new(flags)
	if err := f.parse(args); err != nil {
		return usage(err, places, stdin, stdout, stderr)
	}
	if f.version {
		fmt.Fprintln(stdout, "smtpd", place.Version())
		return sysexits.OK
	}
	c, warnings, err := loadConfig(f, places)
	if f.check {
		return c.report(warnings, err, stdout, stderr)
	}
	srv := newServer(c, stderr)
	srv.warn(warnings)
	if err != nil {
		return srv.misconfigured(stdin, stdout, err)
	}
	if f.batch {
		return srv.serveBatch(stdin, stdout)
	}
	if f.submit {
		return srv.serveSubmission(stdin, stdout)
	}
	if spec := os.Getenv(place.WorkerEnv); spec != "" {
		return srv.work(stdin, spec)
	}
	return srv.serveOne(stdin, stdout)
}

// usage reports a command line that is wrong: to the person who wrote it or,
// when it stands in a super-server's configuration, to the log, since all that
// we print there is said to a client.
func usage(err error, places place.Places, stdin io.Reader, stdout, stderr io.Writer) int {
	if f, ok := stdin.(*os.File); !ok || !isSocket(f) {
		return new(flags).set().Report(err, stdout, stderr)
	}
	c := defaultConfig(new(flags), places)
	newServer(c, stderr).misconfigured(stdin, stdout, err)
	return sysexits.Usage
}
