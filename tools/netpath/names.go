package main

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"postern/lib/dns"
	"postern/lib/netpath"
)

// namesLimit is how long names are waited for.
const namesLimit = 2 * time.Second

// names asks for the names of all that answered, all at once. They stay escaped
// as in zone files (RFC 1035 5.1), a blank too, so that they are one word of
// printable ASCII each: whoever owns an address chooses its name.
func (c *checker) names(ctx context.Context, paths ...netpath.Path) map[netip.Addr]string {
	names := make(map[netip.Addr]string)
	if c.numeric {
		return names
	}
	ctx, cancel := context.WithTimeout(ctx, namesLimit)
	defer cancel()
	addrs := answering(paths)
	questions := make([]dns.Question, len(addrs))
	for i, a := range addrs {
		questions[i] = dns.Question{Name: dns.ReverseName(a), Type: dns.TypePTR}
	}
	for i, reply := range dns.QueryAll(ctx, c.DNS, questions) {
		if reply.Err == nil {
			name := strings.TrimSuffix(reply.Answer.Records[0].Data, ".")
			names[addrs[i]] = strings.ReplaceAll(name, `\ `, `\032`)
		}
	}
	return names
}

// answering are all addresses that answered, each once.
func answering(paths []netpath.Path) (addrs []netip.Addr) {
	seen := make(map[netip.Addr]bool)
	for i := range paths {
		for _, h := range paths[i].Hops {
			for _, a := range h.Answers {
				if !seen[a.Addr] {
					seen[a.Addr] = true
					addrs = append(addrs, a.Addr)
				}
			}
		}
	}
	return addrs
}
