package dns

import (
	"slices"
	"time"
)

// read takes the answer to a question out of a message. Only what belongs to
// the name, or to the CNAMEs that lead from it, is looked at.
func read(m *message, k key, trusted bool) (Answer, error) {
	if m.bogus {
		e := temporary(k, "DNSSEC validation failed")
		e.Kind = ErrBogus
		return Answer{}, e
	}
	a := Answer{Name: k.name, Authentic: m.authentic && trusted, TTL: maxTTL}
	for range maxAliases + 1 {
		var ok bool
		if a.Records, ok = m.records(k, a.Name, k.t); !ok {
			return Answer{}, temporary(k, errUnreadable.Error())
		}
		if len(a.Records) > 0 {
			for i := range a.Records {
				a.TTL = min(a.TTL, a.Records[i].TTL)
			}
			return a, nil
		}
		alias, ok := m.records(k, a.Name, TypeCNAME)
		if !ok || len(alias) == 0 {
			return Answer{}, notFound(m, k, a)
		}
		a.follow(alias[0])
	}
	return Answer{}, tooManyAliases(k.name, k.t)
}

// follow goes on where a CNAME leads.
func (a *Answer) follow(alias Record) {
	a.Aliases = append(a.Aliases, alias)
	a.TTL = min(a.TTL, alias.TTL)
	a.Name = normal(canonical(alias.Data))
}

// records returns the answer's records of a name and type. It is not ok when
// the data of one is malformed.
func (m *message) records(k key, name string, t Type) (list []Record, ok bool) {
	off := m.answers
	for range m.count {
		r, ok := m.resource(off)
		if !ok {
			return nil, false // nothing but what the TC bit excuses
		}
		off = r.end
		if r.t != uint16(t) || r.class != classINET || !m.named(r, k, name) {
			continue
		}
		text, ok := m.data(r)
		if !ok {
			return nil, false
		}
		list = append(list, Record{Name: name, Type: t, TTL: time.Duration(r.ttl) * time.Second, Data: text})
	}
	return once(list), true
}

// once leaves out what was there already: records are a set (RFC 2181 5).
func once(list []Record) []Record {
	if len(list) < 2 {
		return list
	}
	seen := make(map[string]struct{}, len(list))
	return slices.DeleteFunc(list, func(r Record) bool {
		_, again := seen[r.Data]
		seen[r.Data] = struct{}{}
		return again
	})
}

// named tells whether the record is one of the name. Most stand under a pointer
// to the question.
func (m *message) named(r resource, k key, name string) bool {
	if m.raw[r.name] == 0xc0 && m.raw[r.name+1] == headerSize {
		return name == k.name
	}
	var room [maxName + 2]byte
	b, _, ok := appendName(room[:0], m.raw, r.name)
	return ok && canonical(string(b)) == name
}

// notFound is kept as long as the zone's SOA record says (RFC 2308 5), and no
// longer than the CNAMEs that led there.
func notFound(m *message, k key, a Answer) *Error {
	return &Error{
		Name: printable(k.name), Type: k.t, Kind: ErrNotFound, NoName: m.rcode == rcodeNameError,
		ttl: min(a.TTL, m.negative), Aliases: a.Aliases,
	}
}
