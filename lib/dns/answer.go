package dns

import (
	"slices"
	"strconv"
	"strings"
	"time"

	mdns "github.com/miekg/dns"
)

// read takes the answer to a question out of a message. Only what belongs to
// the name, or to the CNAMEs that lead from it, is looked at.
func read(m *mdns.Msg, k key, trusted bool) (Answer, error) {
	if bogus(m) {
		e := temporary(k, "DNSSEC validation failed")
		e.Kind = ErrBogus
		return Answer{}, e
	}
	a := Answer{Name: k.name, Authentic: m.AuthenticatedData && trusted, TTL: maxTTL}
	for range maxAliases + 1 {
		if a.Records = recordsOf(m.Answer, a.Name, k.t); len(a.Records) > 0 {
			for _, r := range a.Records {
				a.TTL = min(a.TTL, r.TTL)
			}
			return a, nil
		}
		alias := recordsOf(m.Answer, a.Name, TypeCNAME)
		if len(alias) == 0 {
			return Answer{}, notFound(m, k, a.TTL)
		}
		a.TTL = min(a.TTL, alias[0].TTL)
		a.Name = canonical(alias[0].Data)
	}
	return Answer{}, tooManyAliases(k.name, k.t)
}

// recordsOf returns the records of a name and type.
func recordsOf(rrs []mdns.RR, name string, t Type) []Record {
	var list []Record
	for _, rr := range rrs {
		h := rr.Header()
		if h.Rrtype == uint16(t) && h.Class == mdns.ClassINET && canonical(h.Name) == name {
			list = append(list, record(rr))
		}
	}
	return list
}

func record(rr mdns.RR) Record {
	h := rr.Header()
	return Record{
		Name: canonical(h.Name),
		Type: Type(h.Rrtype),
		TTL:  time.Duration(h.Ttl) * time.Second,
		Data: data(rr),
	}
}

func data(rr mdns.RR) string {
	if unknown, ok := rr.(*mdns.RFC3597); ok {
		return `\# ` + strconv.Itoa(len(unknown.Rdata)/2) + " " + unknown.Rdata // RFC 3597 5
	}
	return strings.TrimPrefix(rr.String(), rr.Header().String())
}

// notFound is kept as long as the zone's SOA record says (RFC 2308 5), and no
// longer than the CNAMEs that led there.
func notFound(m *mdns.Msg, k key, limit time.Duration) *Error {
	e := &Error{Name: printable(k.name), Type: k.t, Kind: ErrNotFound, NoName: m.Rcode == mdns.RcodeNameError}
	for _, rr := range m.Ns {
		if soa, ok := rr.(*mdns.SOA); ok {
			e.ttl = min(limit, time.Duration(min(soa.Hdr.Ttl, soa.Minttl))*time.Second)
		}
	}
	return e
}

// bogusCodes are the extended errors (RFC 8914 4) with which a validating
// server says that a zone's signatures are wrong or missing.
var bogusCodes = [...]uint16{
	mdns.ExtendedErrorCodeDNSBogus,
	mdns.ExtendedErrorCodeSignatureExpired,
	mdns.ExtendedErrorCodeSignatureNotYetValid,
	mdns.ExtendedErrorCodeDNSKEYMissing,
	mdns.ExtendedErrorCodeRRSIGsMissing,
	mdns.ExtendedErrorCodeNoZoneKeyBitSet,
	mdns.ExtendedErrorCodeNSECMissing,
}

func bogus(m *mdns.Msg) bool {
	opt := m.IsEdns0()
	if m.Rcode != mdns.RcodeServerFailure || opt == nil {
		return false
	}
	return slices.ContainsFunc(opt.Option, func(o mdns.EDNS0) bool {
		ede, ok := o.(*mdns.EDNS0_EDE)
		return ok && slices.Contains(bogusCodes[:], ede.InfoCode)
	})
}
