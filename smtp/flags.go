package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"postern/lib/arg"
	"postern/lib/tlsconf"
)

// maxBusted bounds the options -b of one command line.
const maxBusted = 100

// config is what the command line says.
type config struct {
	auth       bool // -a
	provoke    bool // -A
	batch      bool // -B
	debug      bool // -d
	filterOnly bool // -f
	clear      bool // -i
	lmtp       bool // -L
	plan       bool // -n
	ping       bool // -p
	startTLS   bool // -s
	tlsFirst   bool // -t
	version    bool // -V

	busted   []string     // -b
	gateway  string       // -g
	host     string       // -h
	user     string       // -u
	resolver string       // -r
	trustAD  bool         // --trust-ad
	zone     string       // -z
	sources  []netip.Addr // -S
	timeout  int          // --timeout, in seconds
	local    bool         // --local
	tlsMode  tlsconf.Mode // --tls
	pins     string       // --pins
	noDANE   bool         // --no-dane
	noSTS    bool         // --no-sts

	credentials credentialConfig
	pings       pingConfig

	suffix     string // .domain
	to         destination
	sender     string   // as written
	recipients []string // as written
}

// options is the command line.
func (c *config) options() *arg.Set {
	s := arg.New("smtp", "[-aABdfiJLnPpstV] [-b busted-mx]... [-g gateway] [-h host] [-u user] [option ...] [.domain] destaddr sender rcpt ...")
	s.Bool(&c.auth, "a", "authenticate, under TLS; means -s")
	s.Bool(&c.provoke, "A", "say NOOP first to a server that does not greet")
	s.Bool(&c.batch, "B", "read jobs from standard input, and send them over one connection")
	s.Strings(&c.busted, "b", "mx", "pass over this mail exchanger; may be repeated")
	s.Bool(&c.debug, "d", "show the dialogue on standard error")
	s.Bool(&c.filterOnly, "f", "print the message as it would be sent, and send nothing")
	s.String(&c.gateway, "g", "gateway", "send mail there for a domain that has neither MX nor address")
	s.String(&c.host, "h", "host", "our own name, instead of the system's")
	s.Bool(&c.clear, "i", "authenticate in the clear too")
	s.Bool(&c.lmtp, "L", "speak LMTP")
	s.Bool(&c.plan, "n", "print the hosts to which mail would go, and do nothing")
	s.Bool(&c.ping, "p", "ask whether the recipients exist, and send nothing")
	s.Bool(&c.startTLS, "s", "use TLS where the server offers it")
	s.Bool(&c.tlsFirst, "t", "begin with the TLS handshake, on port 465 unless said")
	s.String(&c.user, "u", "user", "authenticate as this user, instead of the one who runs smtp")
	s.Func("S,source", "address", "send from this address; one for IPv4 and one for IPv6", c.addSource)
	s.String(&c.resolver, "r", "ip[:port]", "ask this name server, instead of $POSTERN_RESOLVER")
	s.Bool(&c.trustAD, "trust-ad", "believe the server of -r about DNSSEC, on whatever host it is")
	s.String(&c.zone, "z", "file", "answer DNS questions from this zone file")
	s.Int(&c.timeout, "timeout", "seconds", "wait so long for each answer, instead of what RFC 5321 says")
	s.Bool(&c.local, "local", "let a domain's mail go to loopback and this host's own addresses")
	s.Func("tls", "mode", "what TLS must be at least: none, may (as -s), encrypt or verify", c.setTLS)
	s.String(&c.pins, "pins", "file", "believe in these certificates and keys, and no others")
	s.Bool(&c.noDANE, "no-dane", "do not look for TLSA records")
	s.Bool(&c.noSTS, "no-sts", "do not look for MTA-STS policies")
	s.Bool(&c.version, "V,version", "print the version and exit")
	c.credentials.options(s)
	c.pings.options(s)
	return s
}

// addSource is -S.
func (c *config) addSource(s string) error {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return fmt.Errorf("%q is no IP address", s)
	}
	c.sources = append(c.sources, addr.Unmap())
	return nil
}

// setTLS is --tls.
func (c *config) setTLS(word string) error {
	for _, mode := range []tlsconf.Mode{tlsconf.None, tlsconf.Opportunistic, tlsconf.Encrypt, tlsconf.WebPKI} {
		if mode.String() == word {
			c.tlsMode, c.startTLS = mode, mode != tlsconf.None
			return nil
		}
	}
	return fmt.Errorf("no mode %q: none, may, encrypt or verify", word)
}

// mode refuses options of which one would be passed over: who forgets -p must
// not send mail.
func (c *config) mode() error {
	modes := 0
	for _, given := range [...]bool{c.batch, c.filterOnly, c.plan, c.ping} {
		if given {
			modes++
		}
	}
	switch {
	case modes > 1:
		return errors.New("only one of -B, -f, -n and -p")
	case !c.ping && c.pings != defaultPings:
		return errors.New("-J, -j, -P, --connections, --delay and --probe are for -p")
	}
	return nil
}

// operands takes the words behind the options.
func (c *config) operands(words []string) error {
	if err := c.mode(); err != nil {
		return err
	}
	c.startTLS = c.startTLS || c.auth // so that DANE and MTA-STS are looked for too
	if len(c.busted) > maxBusted {
		return fmt.Errorf("more than %d options -b", maxBusted)
	}
	if len(words) > 0 && strings.HasPrefix(words[0], ".") {
		c.suffix, words = words[0], words[1:]
	}
	if c.ping {
		if err := c.pings.verify(); err != nil || len(words) == 0 {
			return err
		}
	}
	if len(words) == 0 {
		return errors.New("no destination")
	}
	var err error
	if c.to, err = parseDestination(words[0], c.defaultPort()); err != nil {
		return err
	}
	if words = words[1:]; len(words) > 0 {
		c.sender, c.recipients = words[0], words[1:]
	}
	return c.enough()
}

// enough checks that there are as many operands as the mode needs.
func (c *config) enough() error {
	switch {
	case c.batch && c.sender != "":
		return errors.New("with -B senders and recipients come from standard input")
	case c.batch, c.ping, c.plan, c.filterOnly, len(c.recipients) > 0:
		return nil
	case c.sender == "":
		return errors.New("no sender")
	}
	return errors.New("no recipient")
}

// defaultPort is where a destination without a port is met.
func (c *config) defaultPort() string {
	switch {
	case c.lmtp:
		return "24"
	case c.tlsFirst:
		return "465"
	}
	return "25"
}
