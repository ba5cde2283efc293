package mx

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"

	"postern/lib/dns"
)

// maxHosts bounds how many hosts of a domain are looked up and tried. RFC 5321
// 5.1 lets us: a domain may have thousands, and each costs time.
const maxHosts = 10

var (
	errBusted  = errors.New("every host is one that is left out")
	errBadName = errors.New("no MX record has the name of a host")
)

// target is a host of which nothing is known but its MX record.
type target struct {
	name      string
	pref      uint16
	authentic bool // DNSSEC vouches for the name
}

// exchangers asks for the domain's MX records and puts the hosts in order.
func (r *Route) exchangers(ctx context.Context) error {
	answer, err := r.resolver.Query(ctx, r.Domain, dns.TypeMX)
	switch {
	case errors.Is(err, dns.ErrNotFound):
		return r.implied()
	case err != nil:
		return &Error{r.Domain, ErrTemporary, err}
	}
	r.alias = answer.Name
	return r.order(answer.MX(), answer.Authentic)
}

// implied makes the domain its own host (RFC 5321 5.1). That there is no MX
// record is believed as far as its address is: a validating server lets nobody
// deny what a signed zone has.
func (r *Route) implied() error {
	r.Implied = true
	return r.order([]dns.MX{{Host: dns.ToASCII(r.Domain)}}, true)
}

// order puts the exchangers, most preferred first, into groups, each of one
// preference and in random order (RFC 5321 5.1).
func (r *Route) order(list []dns.MX, authentic bool) error {
	if len(list) == 1 && list[0].Host == "" {
		return &Error{r.Domain, ErrNullMX, nil} // RFC 7505 section 3
	}
	list = distinct(list)
	if len(list) == 0 {
		return &Error{r.Domain, ErrIllegal, errBadName}
	}
	list = r.worthier(list)
	if len(list) == 0 {
		return &Error{r.Domain, ErrLoop, nil}
	}
	list = slices.DeleteFunc(list, func(m dns.MX) bool { return among(r.options.Busted, m.Host) })
	if len(list) == 0 {
		return &Error{r.Domain, ErrTemporary, errBusted} // our operator's word, not the domain's
	}
	r.group(list, authentic)
	return nil
}

// distinct leaves out who stands there a second time: to try it again costs
// time and brings nothing. A null MX between others means nothing.
func distinct(list []dns.MX) []dns.MX {
	seen := map[string]bool{"": true}
	return slices.DeleteFunc(list, func(m dns.MX) bool {
		again := seen[m.Host]
		seen[m.Host] = true
		return again
	})
}

// worthier cuts the list off where this host stands in it: those as good as
// we are or worse would bring the mail back to us (RFC 5321 5.1).
func (r *Route) worthier(list []dns.MX) []dns.MX {
	self := slices.IndexFunc(list, func(m dns.MX) bool { return among(r.options.Names, m.Host) })
	if self < 0 {
		return list
	}
	r.looped = true
	pref := list[self].Pref
	return list[:slices.IndexFunc(list, func(m dns.MX) bool { return m.Pref == pref })]
}

// group cuts a sorted list into groups, and stops at maxHosts.
func (r *Route) group(list []dns.MX, authentic bool) {
	shuffle := r.options.Shuffle
	if shuffle == nil {
		shuffle = rand.Shuffle
	}
	room := maxHosts
	for room > 0 && len(list) > 0 {
		n := slices.IndexFunc(list, func(m dns.MX) bool { return m.Pref != list[0].Pref })
		if n < 0 {
			n = len(list)
		}
		same := list[:n]
		list = list[n:]
		shuffle(n, func(i, j int) { same[i], same[j] = same[j], same[i] })
		group := make([]target, 0, min(n, room))
		for _, m := range same[:min(n, room)] {
			group = append(group, target{m.Host, m.Pref, authentic})
		}
		r.groups = append(r.groups, group)
		room -= len(group)
	}
}

// among finds a host's name in a list that people wrote.
func among(names []string, host string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return dns.ToASCII(n) == host })
}
