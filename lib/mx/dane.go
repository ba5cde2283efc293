package mx

import (
	"context"
	"errors"
	"strconv"

	"postern/lib/dns"
	"postern/lib/tlsconf"
)

// tlsa looks for the records that tell the host's certificate, and the name
// under which they are, the TLSA base domain. There are none, and no error,
// where DNSSEC does not vouch for the host. The error means that nobody knows
// whether there are any (RFC 7672 2.1.1).
func (h Host) tlsa(ctx context.Context, r dns.Resolver, port uint16) (records []tlsconf.TLSA, base string, err error) {
	bases, err := h.bases(ctx, r)
	if err != nil {
		return nil, "", err
	}
	for _, base := range bases {
		answer, err := r.Query(ctx, "_"+strconv.Itoa(int(port))+"._tcp."+base, dns.TypeTLSA)
		switch {
		case errors.Is(err, dns.ErrNotFound):
			continue
		case err != nil:
			return nil, "", err
		}
		if answer.Authentic {
			return parseTLSA(answer), base, nil
		}
	}
	return nil, "", nil
}

// bases are the names under which the host's TLSA records may be: that behind
// its CNAMEs, then its own (RFC 7672 2.2.2, 2.2.3).
func (h Host) bases(ctx context.Context, r dns.Resolver) ([]string, error) {
	switch aliased := h.alias != h.Name; {
	case h.Authentic && aliased:
		return []string{h.alias, h.Name}, nil
	case h.Authentic:
		return []string{h.Name}, nil
	case h.secure && aliased:
		return h.signedAlias(ctx, r)
	}
	return nil, nil
}

// signedAlias is for a host whose address nobody vouches for because its name
// is an alias into a zone without signatures: its own name may be signed.
func (h Host) signedAlias(ctx context.Context, r dns.Resolver) ([]string, error) {
	answer, err := r.Query(ctx, h.Name, dns.TypeCNAME)
	switch {
	case errors.Is(err, dns.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case answer.Authentic:
		return []string{h.Name}, nil
	}
	return nil, nil
}

// parseTLSA reads the records of an answer. One that cannot be read counts as
// one that cannot be used, and so keeps mail from going in the clear.
func parseTLSA(a dns.Answer) []tlsconf.TLSA {
	records := make([]tlsconf.TLSA, len(a.Records))
	for i, r := range a.Records {
		records[i], _ = tlsconf.ParseTLSA(r.Data)
	}
	return records
}

// references are the names of which a certificate below a DANE-TA record must
// have one (RFC 7672 3.2.2): the TLSA base domain, and the names that DNSSEC
// vouches for as leading to it, those of the host and of the domain.
func (r *Route) references(h Host, base string) []string {
	names := []string{base, h.Name, dns.ToASCII(r.Domain)}
	if r.alias != "" {
		names = append(names, r.alias)
	}
	return names
}
