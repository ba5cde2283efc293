package check

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"postern/lib/dns"
	"postern/lib/smtp"
)

// liar is the verdict on a HELO that cannot be true: 554 5.7.1, and the session ends.
func liar(reason string) Verdict {
	return Verdict{Action: Reject, Close: true, Auth: true, Reason: reason,
		Reply: smtp.Say(554, smtp.NotAuthorized, "give your own name in HELO")}
}

// heloClaims refuses a client that claims to be us: our host name, one of our
// domains, or our address. A client on this host may say so.
func (c *Config) heloClaims(_ context.Context, f *Facts) (Verdict, error) {
	if !c.HeloClaims || f.Trusted || f.Client == f.Server {
		return Verdict{}, nil
	}
	name := strings.TrimSuffix(f.Helo, ".")
	if addr, ok := literal(name); ok {
		if addr == f.Server {
			return liar("HELO claims our address"), nil
		}
		return Verdict{}, nil
	}
	if dns.MatchDomains(c.Own, name) {
		return liar("HELO claims our name"), nil
	}
	return Verdict{}, nil
}

// heloExists refuses a name that no host on the Internet has: one without a
// dot or a letter, one of the names kept for private use and for examples, and
// one of which DNS says that it does not exist. Trouble with DNS is not the
// client's fault, and a name that the client's address claims will do.
func (c *Config) heloExists(ctx context.Context, f *Facts) (Verdict, error) {
	if !c.HeloExists || f.Trusted || strings.HasPrefix(f.Helo, "[") {
		return Verdict{}, nil
	}
	name := strings.ToLower(strings.TrimSuffix(f.Helo, "."))
	switch {
	case !strings.Contains(name, "."):
		return liar("HELO without a dot"), nil
	case !strings.ContainsFunc(name, unicode.IsLetter):
		return liar("HELO without a letter"), nil
	case reserved(name):
		return liar("HELO with a name that is nobody's"), nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	if c.exists(ctx, name) || c.claimed(ctx, f.Client, name) {
		return Verdict{}, nil
	}
	return liar("HELO name not in DNS"), nil
}

// exists says whether there is anything under a name, as far as it is known.
func (c *Config) exists(ctx context.Context, name string) bool {
	_, err := c.Resolver.Query(ctx, name, dns.TypeA)
	e, ok := errors.AsType[*dns.Error](err)
	return !ok || e.Kind != dns.ErrNotFound || !e.NoName
}

// claimed says whether an address claims a name.
func (c *Config) claimed(ctx context.Context, a netip.Addr, name string) bool {
	if !a.IsValid() {
		return false
	}
	names, err := c.Resolver.LookupPTR(ctx, a)
	return errors.Is(err, dns.ErrTemporary) || slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// reserved says whether a name is kept for use by nobody, or by everybody at
// home (RFC 2606, RFC 6761).
func reserved(name string) bool {
	top := name[strings.LastIndexByte(name, '.')+1:]
	switch top {
	case "localdomain", "localhost", "local", "example", "invalid", "lan", "test":
		return true
	}
	return dns.MatchDomains([]string{"*.example.com", "*.example.net", "*.example.org"}, name)
}

// eager refuses a client that spoke before the banner, or sent more behind
// EHLO before it could know that pipelining is offered.
func (c *Config) eager(_ context.Context, f *Facts) (Verdict, error) {
	if !c.RefuseEager || f.Trusted || f.Record.Value("eager_pipelining") == "" {
		return Verdict{}, nil
	}
	return Verdict{Action: Reject, Close: true, Reason: "talks before it is told to",
		Reply: smtp.Say(554, smtp.OtherProtocol, "you talk before you are told to")}, nil
}

// literal reads an address literal as HELO has it. A bare IPv4 address, which
// is no domain, is taken as one.
func literal(name string) (netip.Addr, bool) {
	a, err := smtp.ParseLiteral(name)
	if err != nil {
		a, err = netip.ParseAddr(name)
	}
	return a.Unmap(), err == nil
}
