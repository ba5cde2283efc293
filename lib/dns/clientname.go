package dns

import (
	"context"
	"errors"
	"net/netip"
	"slices"
)

// maxClientNames bounds how many names of one address are looked at
// (RFC 7208 4.6.4 has the same bound for the same danger).
const maxClientNames = 10

// ClientName finds the name of the host that has the address. name is the
// first of its names among whose addresses it is, reverse the first that it
// claims, confirmed or not; each is "" when there is none, which is no error.
// The error is temporary: name, and reverse too when it is "", could not be
// found for now.
func ClientName(ctx context.Context, r Resolver, addr netip.Addr) (name, reverse string, err error) {
	addr = addr.Unmap().WithZone("")
	names, err := r.LookupPTR(ctx, addr)
	if err != nil {
		return "", "", onlyTemporary(err)
	}
	for _, candidate := range names[:min(len(names), maxClientNames)] {
		ok, lookupErr := confirms(ctx, r, candidate, addr)
		if ok {
			return candidate, names[0], nil
		}
		if err == nil {
			err = onlyTemporary(lookupErr)
		}
	}
	return "", names[0], err
}

func confirms(ctx context.Context, r Resolver, name string, addr netip.Addr) (bool, error) {
	network := "ip6"
	if addr.Is4() {
		network = "ip4"
	}
	addrs, err := r.LookupIP(ctx, network, name)
	return slices.Contains(addrs, addr), err
}

func onlyTemporary(err error) error {
	if errors.Is(err, ErrTemporary) {
		return err
	}
	return nil
}
