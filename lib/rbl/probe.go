package rbl

import (
	"context"
	"strings"

	"postern/lib/dns"
)

// Health is what a test of a list found.
type Health uint8

// How lists can be.
const (
	Works   Health = iota // it lists its test entry, and not the one that no list has
	NoIPv6                // it lists no IPv6 addresses
	Dead                  // it does not list the entry that every list has
	World                 // it lists the entry that no list has: it lists everybody
	Unasked               // it could not be asked
)

// String says it in a word or two.
func (h Health) String() string {
	return [...]string{"works", "no IPv6", "dead", "lists the world", "cannot be asked"}[h]
}

// Probe is what a test of a list found, and how.
type Probe struct {
	List   *List
	About  string // "IPv4", "IPv6" or "names"
	Health Health
	Detail string // what was answered, or what was wrong

	entry entry
}

// entry is the test entries of one kind (RFC 5782 section 5), as they stand in front
// of a list's zone: in is on every list of the kind, out on none.
type entry struct {
	by      By
	about   string
	in, out string
}

// mapped is what the two entries of IPv6, ::FFFF:7F00:2 and ::FFFF:7F00:1, have in
// common, its nibbles last first.
const mapped = ".0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"

const ipv6 = "IPv6"

var entries = [...]entry{
	{ByAddress, "IPv4", "2.0.0.127", "1.0.0.127"},
	{ByAddress, ipv6, "2" + mapped, "1" + mapped},
	{ByName | BySender, "names", "test", "invalid"},
}

// Test asks each list for its test entries, at once, for as long as ctx lasts,
// and says whether it works. There is a line for each kind of entry that the
// list must have.
func Test(ctx context.Context, r dns.Resolver, lists []List) []Probe {
	var all []Probe
	for i := range lists {
		for _, e := range entries {
			if lists[i].By&e.by != 0 {
				all = append(all, Probe{List: &lists[i], About: e.about, entry: e})
			}
		}
	}
	questions := make([]question, 0, 2*len(all))
	for i := range all {
		questions = append(questions, all[i].questions()...)
	}
	askEach(ctx, r, questions, func(*question) {})
	for i := range all {
		all[i].judge(&questions[2*i], &questions[2*i+1])
	}
	return all
}

// questions are those for both entries. Which answers count for the score does
// not matter here.
func (p *Probe) questions() []question {
	plain := *p.List
	plain.Codes = nil
	return []question{{list: &plain, name: p.entry.in + "." + plain.Zone}, {list: &plain, name: p.entry.out + "." + plain.Zone}}
}

// judge says what the answers mean: that for the entry that has to be there, and
// that for the one that must not.
func (p *Probe) judge(in, out *question) {
	e := &p.entry
	switch {
	case len(out.codes) > 0 || out.foreign:
		p.Health, p.Detail = World, e.out+" is listed: "+out.found()
	case len(in.codes) > 0:
		p.Detail = in.found()
	case in.fault != "":
		p.Health, p.Detail = Unasked, in.fault
	case out.fault != "":
		p.Health, p.Detail = Unasked, out.fault
	case e.about == ipv6:
		p.Health = NoIPv6
	default:
		p.Health, p.Detail = Dead, e.in+" is not listed"
	}
}

// found is what was answered.
func (q *question) found() string {
	if q.fault != "" {
		return q.fault
	}
	words := make([]string, len(q.codes))
	for i, a := range q.codes {
		words[i] = a.String()
	}
	return strings.Join(words, " ")
}
