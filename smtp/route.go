package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/netip"
	"slices"

	"postern/lib/mx"
	"postern/lib/smtp"
)

const (
	// maxAttempts bounds the sessions that are begun before somebody talks to
	// us.
	maxAttempts = 20
	// maxSlow bounds the attempts that end by a time limit: the owner of a domain
	// can give it as many silent hosts as he likes, while other mail waits for
	// its turn.
	maxSlow = 2
)

// failure is why there is no link: what is said to every recipient.
type failure struct {
	outcome
	slow bool // the host has kept us waiting
}

// Error is the reply and the reason.
func (f *failure) Error() string {
	s := f.reply.String()
	if f.host != "" {
		s = f.host + ": " + s
	}
	if f.reason != "" {
		s += " (" + f.reason + ")"
	}
	return s
}

// connect finds a host of the destination that will talk to us, in the order
// in which they are to be tried. Without one the failure is permanent only if
// every host's was.
func (p *program) connect(ctx context.Context, to destination) (*link, *failure) {
	if to.socket != "" {
		return p.connectSocket(ctx, to)
	}
	route, security, err := p.lookUp(ctx, to)
	if err != nil {
		return nil, p.noRoute(err)
	}
	port := to.portNumber()
	var failed failures
	for host := range route.Hosts(ctx) {
		policy, err := security.Policy(ctx, p.dns, route, host, port)
		if err != nil {
			failed.add(insecure(host, err))
			continue
		}
		a := attempt{program: p, name: host.Name, policy: policy, port: port}
		for l, f := range p.try(ctx, a, host) {
			if f == nil {
				return l, nil
			}
			p.trace(f.Error())
			if failed.add(f); failed.afterAttempt(f) {
				return nil, failed.worst
			}
		}
	}
	if failed.worst == nil {
		failed.add(&failure{outcome: outcome{reply: smtp.Say(451, smtp.NoAnswer, "none of the destination's hosts has an address now")}})
	}
	return nil, failed.worst
}

// failures are those of the hosts of one destination.
type failures struct {
	worst          *failure // the one that counts: the first temporary one, else the last
	attempts, slow int
}

// add takes in the failure of a host.
func (fs *failures) add(f *failure) {
	if fs.worst == nil || fs.worst.verdict() != "defer" {
		fs.worst = f
	}
}

// afterAttempt counts an attempt that has failed so, and says whether there were
// enough of them.
func (fs *failures) afterAttempt(f *failure) (enough bool) {
	fs.attempts++
	if f.slow {
		fs.slow++
	}
	return fs.attempts == maxAttempts || fs.slow == maxSlow
}

// try begins a session with the addresses of a host, one attempt after the other
// for as long as yield wants more. An address that took the connection and then
// failed is not dialed again.
func (p *program) try(ctx context.Context, a attempt, host mx.Host) iter.Seq2[*link, *failure] {
	return func(yield func(*link, *failure) bool) {
		for rest := host.Addrs; len(rest) > 0; {
			conn, err := p.dialer().Dial(ctx, mx.Host{Name: host.Name, Addrs: rest}, a.port)
			if err != nil {
				a.host = "" // the error names it
				yield(nil, a.failed(err))
				return
			}
			a.addr = peer(conn.RemoteAddr().String())
			a.host = hostText(host.Name, a.addr)
			p.trace("connected to " + a.host)
			if !yield(a.link(ctx, conn)) {
				return
			}
			rest = slices.DeleteFunc(slices.Clone(rest), func(addr netip.Addr) bool { return addr == a.addr })
		}
	}
}

// connectSocket begins a session over a Unix socket. There is TLS over it only
// if somebody asks for it.
func (p *program) connectSocket(ctx context.Context, to destination) (*link, *failure) {
	a := attempt{program: p, name: "localhost", host: to.socket, socket: to.socket, policy: p.tls}
	conn, err := a.dial(ctx)
	if err != nil {
		return nil, a.failed(err)
	}
	return a.link(ctx, conn)
}

// route is where the mail goes.
func (p *program) route(ctx context.Context, to destination) (*mx.Route, error) {
	o := mx.Options{Names: []string{p.hostname}, Busted: p.busted, Gateway: p.gateway, Local: p.local, Family: p.family()}
	switch {
	case to.mx:
		return mx.Lookup(ctx, p.dns, to.host, o)
	case to.given:
		return mx.Lookup(ctx, p.dns, to.domain(), o)
	}
	return mx.Direct(ctx, p.dns, to.host, o)
}

// family is the one that all source addresses are of; "" for both.
func (c *config) family() string {
	four := slices.ContainsFunc(c.sources, netip.Addr.Is4)
	six := slices.ContainsFunc(c.sources, netip.Addr.Is6)
	switch {
	case four && !six:
		return "ip4"
	case six && !four:
		return "ip6"
	}
	return ""
}

// dialer connects to hosts.
func (p *program) dialer() mx.Dialer { return mx.Dialer{Source: p.sources} }

// noRoute is what recipients are told when there is nowhere to go.
func (p *program) noRoute(err error) *failure {
	var reply smtp.Reply
	switch {
	case errors.Is(err, mx.ErrNullMX):
		reply = smtp.Say(556, smtp.RecipientNullMX, "the domain takes no mail")
	case errors.Is(err, mx.ErrNoHost):
		reply = smtp.Say(550, smtp.BadDestination, "no such domain or host")
	case errors.Is(err, mx.ErrLoop):
		reply = smtp.Say(554, smtp.RoutingLoop, "the mail loops back to this host")
	case errors.Is(err, mx.ErrIllegal):
		reply = smtp.Say(550, smtp.NoRoute, "the domain's hosts have no address that mail can go to")
	default:
		reply = smtp.Say(451, smtp.DirectoryFailure, "the domain cannot be looked up now")
	}
	return &failure{outcome: outcome{reply: reply, reason: err.Error()}}
}

// hostText is how records name a host: name[address].
func hostText(name string, addr netip.Addr) string {
	if _, err := netip.ParseAddr(name); err == nil {
		name = ""
	}
	if len(name) > 0 && name[0] == '[' {
		return name
	}
	return fmt.Sprintf("%s[%s]", name, addr.WithZone(""))
}

// peer is the address of the other end of a connection.
func peer(address string) netip.Addr {
	ap, _ := netip.ParseAddrPort(address)
	return ap.Addr().Unmap()
}
