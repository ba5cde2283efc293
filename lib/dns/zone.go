package dns

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	maxZone = 16 << 20 // octets of a zone file
	zoneTTL = 300      // seconds, where the file says nothing
)

// Zone returns a resolver that knows nothing but the zone file in r
// (RFC 1035 5.1): what is not in it does not exist. The file may hold names of
// any zones, and no SOA record is needed; wildcards and CNAMEs work. file is
// its name for errors. $INCLUDE is refused.
//
// Comments of one form say what a zone file cannot: that a name, and all below
// it, cannot be resolved, that its signatures are wrong, or that they are right:
//
//	;! servfail broken.example
//	;! bogus    forged.example
//	;! secure   signed.example
//
// With a type, and words that become the reason of the error, they hold for one
// question. Two more forms say what is not there, so that a Recorder can say it
// whatever else it writes:
//
//	;! servfail half.example MX 192.0.2.53 does not answer
//	;! nodata   here.example AAAA
//	;! nxdomain gone.example
//
// Records that such a name has all the same are the answers to their questions.
func Zone(r io.Reader, file string) (Resolver, error) {
	z, err := parseZone(r, file)
	if err != nil {
		return nil, err
	}
	return lookups{query: z.query}, nil
}

// zone is a zone file's records by name. A name that exists only because
// something is below it has none.
type zone struct {
	names map[string][]Record
	marks marks
}

func parseZone(r io.Reader, file string) (*zone, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxZone+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxZone {
		return nil, fmt.Errorf("%s: more than %d octets", file, maxZone)
	}
	z := &zone{names: make(map[string][]Record)}
	if z.marks, err = parseMarks(text, file); err != nil {
		return nil, err
	}
	return z, parseMaster(string(text), file, z.add)
}

// add adds a record, once (RFC 2181 5).
func (z *zone) add(r Record) {
	same := func(o Record) bool { return o.Type == r.Type && o.Data == r.Data }
	if slices.ContainsFunc(z.names[r.Name], same) {
		return
	}
	z.names[r.Name] = append(z.names[r.Name], r)
	for name := parent(r.Name); name != ""; name = parent(name) {
		if _, ok := z.names[name]; ok {
			return
		}
		z.names[name] = nil
	}
}

// parent cuts the first label off.
func parent(name string) string {
	_, name, _ = strings.Cut(name, ".")
	return name
}

func (z *zone) query(_ context.Context, name string, t Type) (Answer, error) {
	a := Answer{Name: name, TTL: maxTTL, Authentic: true}
	for range maxAliases + 1 {
		said := z.said(key{a.Name, t})
		if e := said.err(key{name, t}); e != nil {
			e.Aliases = a.Aliases
			return Answer{}, e
		}
		a.Authentic = a.Authentic && said.word == markSecure
		records, exists := z.find(a.Name)
		if a.take(records, t); len(a.Records) > 0 {
			return a, nil
		}
		alias := ofType(records, TypeCNAME)
		if len(alias) == 0 {
			return Answer{}, &Error{Name: printable(name), Type: t, Kind: ErrNotFound, NoName: !exists, Aliases: a.Aliases}
		}
		alias[0].Name = a.Name // not the wildcard's
		a.follow(alias[0])
	}
	return Answer{}, tooManyAliases(name, t)
}

// said is what the comments say of a question. That a name does not exist does not
// count for a question to which the file has records: there are servers that deny a
// name when they are asked for one type and have answers of another, and what a
// Recorder wrote of them is to be as it was.
func (z *zone) said(k key) mark {
	m := z.marks.find(k)
	answers := func(r Record) bool { return r.Type == k.t || r.Type == TypeCNAME }
	if m.word == markNxdomain && slices.ContainsFunc(z.names[k.name], answers) {
		return mark{}
	}
	return m
}

// take puts the records of a type into the answer.
func (a *Answer) take(records []Record, t Type) {
	a.Records = ofType(records, t)
	for i := range a.Records {
		a.Records[i].Name = a.Name // not the wildcard's
		a.TTL = min(a.TTL, a.Records[i].TTL)
	}
}

func ofType(records []Record, t Type) []Record {
	var list []Record
	for _, r := range records {
		if r.Type == t {
			list = append(list, r)
		}
	}
	return list
}

// find returns the records of a name, or those of the wildcard that stands for
// it: the one right below the nearest name above that exists (RFC 4592 3.3.1).
func (z *zone) find(name string) (records []Record, exists bool) {
	if records, exists = z.names[name]; exists {
		return records, true
	}
	for name = parent(name); name != ""; name = parent(name) {
		if _, exists := z.names[name]; exists {
			records, ok := z.names["*."+name]
			return records, ok
		}
	}
	records, exists = z.names["*"]
	return records, exists
}
