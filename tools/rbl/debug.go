package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"postern/lib/dns"
	"postern/lib/rbl"
	"postern/lib/tool"
)

// resolver is whom the lists are asked through.
func (c *config) resolver(e *tool.Env) dns.Resolver {
	if e.Debug {
		return debugged(e.DNS, c.lists, e.Stderr)
	}
	return e.DNS
}

// debugged is a resolver that also says what it is asked and what it answers
// (-d), without the keys of customers.
func debugged(r dns.Resolver, lists []rbl.List, w io.Writer) dns.Resolver {
	var mu sync.Mutex
	return dns.Func(func(ctx context.Context, name string, t dns.Type) (dns.Answer, error) {
		a, err := r.Query(ctx, dns.Unescape(name), t)
		line := "dns " + name + " " + t.String() + ":"
		if err != nil {
			line = "dns " + err.Error()
		}
		for i := range a.Records {
			line += " " + a.Records[i].Data
		}
		for i := range lists {
			line = lists[i].Hide(line)
		}
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(w, line)
		return a, err
	})
}
