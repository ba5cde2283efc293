package mx

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"postern/lib/dns"
)

const (
	// maxAddrs bounds the addresses of one host that are tried.
	maxAddrs = 8
	// patience is how long the question for one family is waited for when
	// the other has been answered (RFC 8305 section 3; longer, since mail is
	// in no hurry and some servers never answer to AAAA).
	patience = 3 * time.Second
)

var errNoAddress = errors.New("no address that mail can go to")

// found is what the questions for a host's addresses brought.
type found struct {
	host Host
	err  error
}

// resolve looks up all hosts of the next group at once: one that is ourselves
// ends the route in front of the group.
func (r *Route) resolve(ctx context.Context) {
	group := r.groups[0]
	r.groups = r.groups[1:]
	results := make([]found, len(group))
	var wait sync.WaitGroup
	for i, t := range group[1:] {
		wait.Go(func() { results[i+1] = r.lookup(ctx, t) })
	}
	results[0] = r.lookup(ctx, group[0])
	wait.Wait()
	if slices.ContainsFunc(results, r.isSelf) {
		r.looped = true
		r.groups = nil
		return
	}
	for _, f := range results {
		r.add(f)
	}
}

// add takes a host that has addresses into the route.
func (r *Route) add(f found) {
	if f.err == nil && !r.free() {
		f.host.Addrs = slices.DeleteFunc(f.host.Addrs, func(a netip.Addr) bool { return !Legal(a) })
	}
	if f.err == nil && len(f.host.Addrs) == 0 {
		f.err = fmt.Errorf("%s: %w", f.host.Name, errNoAddress)
	}
	if f.err != nil {
		r.skipped = append(r.skipped, f.err)
		return
	}
	f.host.Addrs = interleave(f.host.Addrs)
	r.hosts = append(r.hosts, f.host)
}

// literal makes the route to an address.
func (r *Route) literal(addr netip.Addr) {
	f := found{host: Host{Name: "[" + addr.String() + "]", Addrs: []netip.Addr{addr}}}
	if r.isSelf(f) {
		r.looped = true
		return
	}
	r.add(f)
}

// lookup asks for a host's addresses.
func (r *Route) lookup(ctx context.Context, t target) found {
	h := Host{Name: t.name, Pref: t.pref, alias: t.name, secure: t.authentic}
	answers, err := r.ask(ctx, t.name)
	if err != nil {
		return found{h, err}
	}
	h.Authentic = t.authentic
	for _, a := range answers {
		for _, addr := range a.Addrs() {
			h.Addrs = append(h.Addrs, addr.Unmap())
		}
		h.alias = a.Name
		h.Authentic = h.Authentic && a.Authentic
	}
	return found{h, nil}
}

// ask asks for the addresses of the families that are wanted, of both at once.
// One answer is enough; the error is the temporary one, if any.
func (r *Route) ask(ctx context.Context, name string) ([]dns.Answer, error) {
	switch r.options.Family {
	case "ip4":
		a, err := r.resolver.Query(ctx, name, dns.TypeA)
		return []dns.Answer{a}, err
	case "ip6":
		a, err := r.resolver.Query(ctx, name, dns.TypeAAAA)
		return []dns.Answer{a}, err
	}
	return askBoth(ctx, r.resolver, name)
}

func askBoth(ctx context.Context, r dns.Resolver, name string) ([]dns.Answer, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type reply struct {
		answer dns.Answer
		err    error
	}
	replies := make(chan reply, 2)
	for _, t := range [...]dns.Type{dns.TypeAAAA, dns.TypeA} {
		go func() {
			a, err := r.Query(ctx, name, t)
			replies <- reply{a, err}
		}()
	}
	var answers []dns.Answer
	var failure error
	for range 2 {
		switch got := <-replies; {
		case got.err == nil:
			answers = append(answers, got.answer)
			defer time.AfterFunc(patience, cancel).Stop()
		case failure == nil || errors.Is(got.err, dns.ErrTemporary):
			failure = got.err
		}
	}
	if len(answers) > 0 {
		return answers, nil
	}
	return nil, failure
}

// interleave puts addresses in the order in which they are dialed: IPv6 first,
// then in turns (RFC 8305 section 4).
func interleave(addrs []netip.Addr) []netip.Addr {
	var six, four []netip.Addr
	for _, a := range addrs {
		if a.Is4() {
			four = append(four, a)
		} else {
			six = append(six, a)
		}
	}
	list := addrs[:0]
	for i := range max(len(six), len(four)) {
		if i < len(six) {
			list = append(list, six[i])
		}
		if i < len(four) {
			list = append(list, four[i])
		}
	}
	return list[:min(len(list), maxAddrs)]
}
