package dns

import (
	"context"
	"errors"
	"net/netip"
	"strconv"
)

// maxAliases is how many CNAMEs are followed from one name.
const maxAliases = 10

// lookups makes the methods of Resolver from questions.
type lookups struct {
	query func(context.Context, string, Type) (Answer, error)
	// all, when it is there, answers several questions for less than query.
	all func(context.Context, []key, Tell)
	// published asks name servers alone; nil when query does so itself.
	published Resolver
}

func (l lookups) fromServers() Resolver { return l.published }

// Published returns r as it answers without /etc/hosts. What a domain publishes
// is what the world sees; the name of this host, and of others near it, often has
// another address in that file.
func Published(r Resolver) Resolver {
	if servers := serversOf(r); servers != nil {
		return servers
	}
	return r
}

// serversOf returns what asks name servers alone, nil when r does so itself.
func serversOf(r Resolver) Resolver {
	if l, ok := r.(interface{ fromServers() Resolver }); ok {
		return l.fromServers()
	}
	return nil
}

func (l lookups) Query(ctx context.Context, name string, t Type) (Answer, error) {
	asked, ok := question(name)
	if !ok {
		return Answer{}, notAName(name, t)
	}
	return l.query(ctx, asked, t)
}

// notAName is the error for what cannot be asked for.
func notAName(name string, t Type) *Error {
	return &Error{Name: printable(name), Type: t, Kind: ErrNotFound, NoName: true, Reason: "not a domain name"}
}

func (l lookups) LookupTXT(ctx context.Context, name string) ([]string, error) {
	a, err := l.Query(ctx, name, TypeTXT)
	if err != nil {
		return nil, err
	}
	return a.Texts(), nil
}

func (l lookups) LookupIP(ctx context.Context, network, name string) ([]netip.Addr, error) {
	switch network {
	case "ip4":
		return l.addresses(ctx, name, TypeA)
	case "ip6":
		return l.addresses(ctx, name, TypeAAAA)
	}
	return l.bothFamilies(ctx, name)
}

// bothFamilies asks both questions at once: one after the other they would
// take twice as long.
func (l lookups) bothFamilies(ctx context.Context, name string) ([]netip.Addr, error) {
	replies := QueryAll(ctx, l, []Question{{name, TypeA}, {name, TypeAAAA}})
	four, err4 := replies[0].addresses(name, TypeA)
	six, err6 := replies[1].addresses(name, TypeAAAA)
	if addrs := append(four, six...); len(addrs) > 0 {
		return addrs, nil
	}
	if errors.Is(err6, ErrTemporary) {
		return nil, err6
	}
	return nil, err4
}

func (l lookups) addresses(ctx context.Context, name string, t Type) ([]netip.Addr, error) {
	a, err := l.Query(ctx, name, t)
	return Reply{a, err}.addresses(name, t)
}

// addresses returns the addresses in a reply to a question for some.
func (r Reply) addresses(name string, t Type) ([]netip.Addr, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	addrs := r.Answer.Addrs()
	return addrs, notEmpty(len(addrs), name, t)
}

func (l lookups) LookupMX(ctx context.Context, name string) ([]MX, error) {
	a, err := l.Query(ctx, name, TypeMX)
	if err != nil {
		return nil, err
	}
	list := a.MX()
	return list, notEmpty(len(list), name, TypeMX)
}

func (l lookups) LookupPTR(ctx context.Context, addr netip.Addr) ([]string, error) {
	name := ReverseName(addr)
	a, err := l.Query(ctx, name, TypePTR)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range a.Records {
		if host := canonical(r.Data); ValidName(host) {
			names = append(names, host)
		}
	}
	return names, notEmpty(len(names), name, TypePTR)
}

func tooManyAliases(name string, t Type) error {
	return &Error{Name: printable(name), Type: t, Kind: ErrTemporary, Reason: "more than " + strconv.Itoa(maxAliases) + " aliases"}
}

// notEmpty is the error for records none of which was usable.
func notEmpty(n int, name string, t Type) error {
	if n > 0 {
		return nil
	}
	return &Error{Name: printable(canonical(name)), Type: t, Kind: ErrNotFound, Reason: "none of its records is valid"}
}
