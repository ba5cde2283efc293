package main

import (
	"fmt"
	"net/netip"
	"strings"

	"postern/lib/arg"
)

// flags are smtpd's command line. They win over the configuration file.
type flags struct {
	config   string // -C [dialect:]file
	check    bool
	version  bool
	cert     string
	debug    bool
	hostname string
	evil     []netip.Prefix // -k: dropped without a word
	mailer   string
	netdir   string
	tlsFirst bool
	resolver string
	zone     string
}

func (f *flags) set() *arg.Set {
	s := arg.New("smtpd", "[-dtV] [-C [dialect:]file] [-c cert] [-h domain] [-k net]... [-m mailer] [-n netdir] [-r ip[:port]] [-z zonefile] [--check]")
	s.String(&f.config, "C", "[dialect:]file", "read this configuration")
	s.String(&f.cert, "c", "cert", "offer STARTTLS with the certificate and key in this PEM file")
	s.Bool(&f.check, "check", "check the configuration, print what is in force, and exit")
	s.Bool(&f.debug, "d", "trace each session into a file of its own")
	s.String(&f.hostname, "h", "domain", "receive mail for this domain and speak under its name")
	s.Func("k", "net", "drop connections from this address or network without a word", f.addEvil)
	s.String(&f.mailer, "m", "mailer", "hand accepted mail to this program instead of delivering it")
	s.String(&f.netdir, "n", "netdir", "take the addresses from the files local and remote here")
	s.String(&f.resolver, "r", "ip[:port]", "ask this DNS server")
	s.Bool(&f.tlsFirst, "t", "begin with the TLS handshake, as on port 465")
	s.Bool(&f.version, "V,version", "print the version and exit")
	s.String(&f.zone, "z", "zonefile", "answer DNS questions from this file")
	return s
}

// parse reads the command line. Its error is for set().Report.
func (f *flags) parse(args []string) error {
	operands, err := f.set().Parse(args)
	if err == nil && len(operands) > 0 {
		err = fmt.Errorf("unexpected operand %q", operands[0])
	}
	return err
}

// addEvil takes an address or a network of -k.
func (f *flags) addEvil(s string) error {
	if !strings.Contains(s, "/") {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return fmt.Errorf("-k %s: not an address or network", s)
		}
		f.evil = append(f.evil, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
		return nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return fmt.Errorf("-k %s: not an address or network", s)
	}
	f.evil = append(f.evil, p.Masked())
	return nil
}
