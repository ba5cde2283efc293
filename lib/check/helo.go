package check

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"postern/lib/dns"
	"postern/lib/smtp"
)

func liar(reason string) Verdict {
	return Verdict{Action: Reject, Close: true, Reason: reason,
		Reply: smtp.Say(554, smtp.NotAuthorized, "give your own name in HELO")}
}

// heloClaims refuses a client that claims to be us: our host name, one of our
// domains, or our address. A client on this host may say so.
func (c Config) heloClaims(_ context.Context, f *Facts) (Verdict, error) {
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
	if Matches(c.Own, name) {
		return liar("HELO claims our name"), nil
	}
	return Verdict{}, nil
}

// heloExists refuses a name that DNS says does not exist. Trouble with DNS
// is not the client's fault.
func (c Config) heloExists(ctx context.Context, f *Facts) (Verdict, error) {
	if !c.HeloExists || f.Trusted || strings.HasPrefix(f.Helo, "[") {
		return Verdict{}, nil
	}
	name := strings.TrimSuffix(f.Helo, ".")
	if !strings.Contains(name, ".") {
		return liar("HELO without a dot"), nil
	}
	_, err := c.Resolver.LookupIP(ctx, "ip", name)
	if errors.Is(err, dns.ErrNotFound) {
		if _, mx := c.Resolver.LookupMX(ctx, name); errors.Is(mx, dns.ErrNotFound) {
			return liar("HELO name not in DNS"), nil
		}
	}
	return Verdict{}, nil
}

// eager refuses a client that spoke before the banner, or sent more behind
// EHLO before it could know that pipelining is offered.
func (c Config) eager(_ context.Context, f *Facts) (Verdict, error) {
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

// Matches says whether a domain is named by a list of `dom` (exactly it) and
// `*.dom` (it and all below), case-blind.
func Matches(list []string, domain string) bool {
	for _, p := range list {
		if strings.EqualFold(p, domain) {
			return true
		}
		if base, ok := strings.CutPrefix(p, "*."); ok && below(base, domain) {
			return true
		}
	}
	return false
}

func below(base, domain string) bool {
	if len(domain) > len(base) {
		i := len(domain) - len(base)
		return domain[i-1] == '.' && strings.EqualFold(domain[i:], base)
	}
	return strings.EqualFold(base, domain)
}
