package spf

import (
	"context"
	"strings"

	"postern/lib/dns"
)

// clientNames are the names that the client's address claims, of which the
// first ones are looked at (RFC 7208 4.6.4).
type clientNames struct {
	asked bool
	state state
	names []string
	valid [MaxNames]state // found: valid; nothing: not; unanswered: not looked up yet
}

// ptr is RFC 7208 5.5. That the names cannot be found makes it no match, never
// an error.
func (e *evaluation) ptr(ctx context.Context, domain string) verdict {
	e.learnNames(ctx)
	if e.client.state == nothing {
		return e.void()
	}
	for i, name := range e.client.names {
		if within(name, domain) && e.validName(ctx, i) {
			return yes
		}
	}
	return no
}

// within reports whether a name is the domain or below it.
func within(name, domain string) bool {
	return strings.HasSuffix(name, domain) &&
		(len(name) == len(domain) || name[len(name)-len(domain)-1] == '.')
}

// learnNames asks for the client's names, once.
func (e *evaluation) learnNames(ctx context.Context) {
	c := &e.client
	if c.asked {
		return
	}
	c.asked = true
	var records []dns.Record
	records, c.state = e.ask(ctx, dns.ReverseName(e.ip), dns.TypePTR)
	for i := range min(len(records), MaxNames) {
		c.names = append(c.names, plainName(records[i].Data))
		c.valid[i] = unanswered
	}
}

// validName reports whether the client's address is one of those of its i-th
// name.
func (e *evaluation) validName(ctx context.Context, i int) bool {
	c := &e.client
	if c.valid[i] == unanswered {
		c.valid[i] = nothing
		if match, _ := e.addressOf(ctx, c.names[i], e.ip.BitLen()); match {
			c.valid[i] = found
		}
	}
	return c.valid[i] == found
}

// clientName is %{p}: a valid name of the client's, best the domain itself,
// else one below it, else any (RFC 7208 7.3).
func (e *evaluation) clientName(ctx context.Context, domain string) string {
	e.learnNames(ctx)
	fits := [...]func(name string) bool{
		func(name string) bool { return name == domain },
		func(name string) bool { return within(name, domain) },
		func(string) bool { return true },
	}
	for _, fit := range fits {
		for i, name := range e.client.names {
			if fit(name) && e.validName(ctx, i) {
				return name
			}
		}
	}
	return "unknown"
}
