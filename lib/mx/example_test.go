package mx_test

import (
	"context"
	"crypto/tls"
	"fmt"

	"postern/lib/dns"
	"postern/lib/mtasts"
	"postern/lib/mx"
	"postern/lib/place"
	"postern/lib/state"
	"postern/lib/tlsconf"
)

// From a domain to a connection whose other end has proven who it is.
func Example() {
	ctx, places := context.Background(), place.New("")
	r := dns.FromSystem()
	finder := mtasts.Finder{
		Resolver: r,
		Cache:    state.Open(places.Lib() + "/state").Cache("mtasts"),
		Fetch:    mtasts.Program(places),
	}
	route, err := mx.Lookup(ctx, r, "example.org", mx.Options{Names: []string{"me.example"}})
	if err != nil {
		fmt.Println(err) // errors.Is: ErrNullMX, ErrNoHost, ErrLoop, ErrIllegal, ErrTemporary
		return
	}
	security := mx.Security{
		Base: tlsconf.Policy{Mode: tlsconf.Opportunistic},
		DANE: true,
		STS:  finder.Find(ctx, "example.org"), // not for a Direct route
	}
	for host := range route.Hosts(ctx) {
		policy, err := security.Policy(ctx, r, route, host, 25)
		if err != nil {
			continue // temporary: the next host
		}
		conn, err := mx.Dialer{}.Dial(ctx, host, 25)
		if err != nil {
			continue
		}
		// SMTP goes here, as far as STARTTLS. Where the server does not offer
		// it, or the handshake fails, the message may go in the clear (over a
		// new connection) only if policy.Clear().
		secure := tls.Client(conn, policy.Config())
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close() // errors.As: *tlsconf.ProofError
			continue
		}
		fmt.Println(host.Name, "tls="+policy.Proven(secure.ConnectionState()))
		secure.Close()
		return
	}
}
