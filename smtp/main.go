// Smtp carries mail to another host: one message from its standard input, or
// a list of jobs over one connection. It also asks whether addresses exist.
// See smtp(8).
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"postern/lib/dns"
	"postern/lib/place"
	"postern/lib/stack"
	"postern/lib/sysexits"
	"postern/lib/tlsconf"
)

func main() {
	stack.Grow()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program. Its status is one of sysexits(3): 0 says that every
// recipient was accepted, 75 that some should be tried again.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := new(config)
	set := c.options()
	operands, err := set.Parse(args)
	if err == nil && !c.version {
		err = c.operands(operands)
	}
	if err != nil {
		return set.Report(err, stdout, stderr)
	}
	if c.version {
		fmt.Fprintln(stdout, "smtp", place.Version())
		return sysexits.OK
	}
	p := &program{config: c, stdin: stdin, stdout: stdout, stderr: stderr}
	if err := p.start(); err != nil {
		return p.complain(sysexits.Config, err)
	}
	return p.do(context.Background())
}

// program is one run of smtp.
type program struct {
	*config
	hostname       string // our own name, in EHLO and behind addresses without a domain
	dns            dns.Resolver
	tls            tlsconf.Policy // that every host has to meet
	stdin          io.Reader
	stdout, stderr io.Writer
}

// start finds out what the command line leaves open: our name, the resolver, what
// TLS has to be.
func (p *program) start() error {
	var err error
	if p.hostname, err = p.findHostname(); err != nil {
		return err
	}
	if p.dns, err = p.selectDNS(); err != nil {
		return err
	}
	p.tls, err = p.tlsPolicy()
	return err
}

// selectDNS is the resolver that the command line asks for. --trust-ad is for the
// server of -r: about the system's own servers resolv.conf(5) says itself whether
// they are believed about DNSSEC.
func (p *program) selectDNS() (dns.Resolver, error) {
	server := cmp.Or(p.resolver, os.Getenv(place.ResolverEnv))
	if !p.trustAD || p.zone != "" {
		return dns.Select(server, p.zone)
	}
	if server == "" {
		return nil, errors.New("--trust-ad goes with -r; resolv.conf(5) has an option of that name")
	}
	servers, err := dns.ParseServers(server)
	if err != nil {
		return nil, err
	}
	return dns.New(dns.Config{Servers: servers, Trust: true}), nil
}

// do does what the command line asks for.
func (p *program) do(ctx context.Context) int {
	switch {
	case p.filterOnly:
		return p.filter()
	case p.plan:
		return p.showPlan(ctx)
	case p.ping:
		return p.pingAll(ctx)
	case p.batch:
		return p.jobs(ctx)
	}
	return p.send(ctx)
}

// complain tells a person what is wrong and gives the status for it. The line
// is also the reason that a caller passes on.
func (p *program) complain(status int, err error) int {
	fmt.Fprintf(p.stderr, "smtp: %v\n", err)
	return status
}
