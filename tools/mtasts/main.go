// Mtasts fetches and shows the MTA-STS policies of domains. See mtasts(1).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"postern/lib/arg"
	"postern/lib/dns"
	"postern/lib/mtasts"
	"postern/lib/mx"
	"postern/lib/place"
	"postern/lib/sysexits"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// flags is the command line.
type flags struct {
	fetch, dry, version bool

	ca, connect, server, zone string

	domains []string
}

func (f *flags) options() *arg.Set {
	s := arg.New("mtasts", "[-fnV] [-r resolver] [-z file] [--ca file] [--connect address] domain ...")
	s.String(&f.ca, "ca", "file", "believe the authorities in this file alone")
	s.String(&f.connect, "connect", "address", "fetch from this address:port, whatever the DNS says")
	s.Bool(&f.fetch, "f", "fetch the policies, and print them as they are")
	s.Bool(&f.dry, "n", "print what would be asked, and ask nothing")
	s.String(&f.server, "r", "resolver", "ask this name server")
	s.Bool(&f.version, "V,version", "print the version and exit")
	s.String(&f.zone, "z", "file", "answer DNS questions from this zone file")
	return s
}

// parse reads the command line. Its error is for options().Report.
func (f *flags) parse(args []string) (err error) {
	f.server = os.Getenv(place.ResolverEnv)
	f.domains, err = f.options().Parse(args)
	switch {
	case err != nil || f.version:
		return err
	case len(f.domains) == 0:
		return errors.New("which domain?")
	}
	if f.connect != "" {
		if _, err := netip.ParseAddrPort(f.connect); err != nil {
			return fmt.Errorf("option --connect: %q is not address:port", f.connect)
		}
	}
	return nil
}

func run(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var f flags
	if err := f.parse(args); err != nil {
		return f.options().Report(err, stdout, stderr)
	}
	if f.version {
		fmt.Fprintln(stdout, "mtasts", place.Version())
		return sysexits.OK
	}
	r, err := dns.Select(f.server, f.zone)
	if err != nil {
		fmt.Fprintf(stderr, "mtasts: %v\n", err)
		return sysexits.Usage
	}
	roots, err := readRoots(f.ca)
	if err != nil {
		fmt.Fprintf(stderr, "mtasts: --ca: %v\n", err)
		return sysexits.NoInput
	}
	p := program{resolver: r, fetcher: fetcher{resolver: r, roots: roots, connect: f.connect}, out: stdout}
	return f.each(p, stderr)
}

// each does what was asked for with one domain after the other. The exit
// status is that of the first that failed.
func (f *flags) each(p program, stderr io.Writer) int {
	do := p.show
	switch {
	case f.dry:
		do = p.plan
	case f.fetch:
		do = p.fetch
	}
	exit := sysexits.OK
	for _, domain := range f.domains {
		ctx, cancel := context.WithTimeout(context.Background(), mtasts.FetchLimit)
		err := do(ctx, dns.ToASCII(domain))
		cancel()
		if err == nil {
			continue
		}
		fmt.Fprintf(stderr, "mtasts: %s: %v\n", domain, err)
		if exit == sysexits.OK {
			exit = status(err)
		}
	}
	return exit
}

// status is the exit status for an error.
func status(err error) int {
	switch {
	case errors.Is(err, errNoPolicy), errors.Is(err, mx.ErrNoHost):
		return sysexits.NoHost
	case errors.Is(err, errRefused):
		return sysexits.Unavailable
	case errors.Is(err, mtasts.ErrSyntax), errors.Is(err, errNoDomain):
		return sysexits.DataErr
	}
	return sysexits.TempFail
}

// program does the work for one domain at a time.
type program struct {
	resolver dns.Resolver
	fetcher  fetcher
	out      io.Writer
}

var (
	errNoDomain = errors.New("not the name of a domain")
	errNoPolicy = errors.New("has no MTA-STS policy")
)

// plan says what the others would ask.
func (p program) plan(_ context.Context, domain string) error {
	if !dns.ValidName(domain) {
		return errNoDomain
	}
	_, err := fmt.Fprintf(p.out, "%s\n\tTXT      %s\n\tpolicy   %s\n\tMX       %[1]s\n", domain, mtasts.Label+domain, url(domain))
	return err
}

// fetch prints the text of a policy that is one.
func (p program) fetch(ctx context.Context, domain string) error {
	text, err := p.fetcher.fetch(ctx, domain)
	if err != nil {
		return err
	}
	if _, err := mtasts.Parse(text); err != nil {
		return err
	}
	_, err = p.out.Write(text)
	return err
}

// show prints for a person all that there is.
func (p program) show(ctx context.Context, domain string) error {
	if !dns.ValidName(domain) {
		return errNoDomain
	}
	txt, err := p.resolver.LookupTXT(ctx, mtasts.Label+domain)
	if err != nil && !errors.Is(err, dns.ErrNotFound) {
		return err
	}
	id, ok := mtasts.ID(txt)
	if !ok {
		return fmt.Errorf("%w: no TXT record at %s%s has an id", errNoPolicy, mtasts.Label, domain)
	}
	text, err := p.fetcher.fetch(ctx, domain)
	if err != nil {
		return err
	}
	policy, err := mtasts.Parse(text)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%s\n\tid       %s\n\tpolicy   %s\n\tmode     %s\n", domain, id, url(domain), policy.Mode)
	fmt.Fprintf(p.out, "\tmax_age  %d (%s)\n", policy.MaxAge/time.Second, days(policy.MaxAge))
	for _, pattern := range policy.MX {
		fmt.Fprintf(p.out, "\tmx       %s\n", pattern)
	}
	return p.hosts(ctx, domain, policy)
}

// hosts prints which of the domain's hosts the policy has.
func (p program) hosts(ctx context.Context, domain string, policy mtasts.Policy) error {
	list, err := p.resolver.LookupMX(ctx, domain)
	if errors.Is(err, dns.ErrNotFound) {
		list, err = []dns.MX{{Host: domain}}, nil // RFC 5321 5.1
	}
	if err != nil {
		return err
	}
	for _, m := range list {
		verdict := "in the policy"
		if !policy.Match(m.Host) {
			verdict = "NOT in the policy"
		}
		if _, err := fmt.Fprintf(p.out, "\thost     %d %s: %s\n", m.Pref, m.Host, verdict); err != nil {
			return err
		}
	}
	return nil
}

// days is a time for a person.
func days(d time.Duration) string {
	if d < 48*time.Hour {
		return d.String()
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}
