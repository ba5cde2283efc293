package spf

import (
	"context"
	"net/netip"
	"strconv"
	"strings"

	"postern/lib/dns"
)

// match evaluates any mechanism but include (RFC 7208 5).
func (e *evaluation) match(ctx context.Context, d *Directive, domain string) verdict {
	switch d.Mechanism {
	case All:
		return yes
	case IP4, IP6:
		return truth(d.Net.Contains(e.ip))
	}
	name, ok := e.target(ctx, d.Domain, domain)
	if !ok {
		return no
	}
	switch d.Mechanism {
	case A:
		return e.a(ctx, name, e.bits(d))
	case MX:
		return e.mx(ctx, name, e.bits(d))
	case PTR:
		return e.ptr(ctx, name)
	}
	return e.exists(ctx, name)
}

func truth(b bool) verdict {
	if b {
		return yes
	}
	return no
}

// bits is how much of the client's address must agree.
func (e *evaluation) bits(d *Directive) int {
	if e.ip.Is4() {
		return int(d.Bits4)
	}
	return int(d.Bits6)
}

// addressType is the type of record that may hold the client's address.
func (e *evaluation) addressType() dns.Type {
	if e.ip.Is4() {
		return dns.TypeA
	}
	return dns.TypeAAAA
}

// addressOf tells whether the client's address is, as far as bits, one of a
// host's.
func (e *evaluation) addressOf(ctx context.Context, host string, bits int) (bool, state) {
	records, state := e.ask(ctx, host, e.addressType())
	return e.among(records, bits), state
}

// among tells whether the client's address is, as far as bits, in records.
func (e *evaluation) among(records []dns.Record, bits int) bool {
	for i := range records {
		addr, err := netip.ParseAddr(records[i].Data)
		if err != nil || addr.BitLen() != e.ip.BitLen() {
			continue
		}
		if addr == e.ip || bits < e.ip.BitLen() && netip.PrefixFrom(addr, bits).Contains(e.ip) {
			return true
		}
	}
	return false
}

// a is RFC 7208 5.3.
func (e *evaluation) a(ctx context.Context, name string, bits int) verdict {
	match, state := e.addressOf(ctx, name, bits)
	switch {
	case match:
		return yes
	case state == nothing:
		return e.void()
	case state == unanswered:
		return temporary
	}
	return no
}

// exists is RFC 7208 5.7: the type is A whatever the client's address is.
func (e *evaluation) exists(ctx context.Context, name string) verdict {
	switch _, state := e.ask(ctx, name, dns.TypeA); state {
	case nothing:
		return e.void()
	case unanswered:
		return temporary
	}
	return yes
}

// mx is RFC 7208 5.4. That some of the hosts have no address of the client's
// kind does not make it void.
func (e *evaluation) mx(ctx context.Context, name string, bits int) verdict {
	records, s := e.ask(ctx, name, dns.TypeMX)
	switch {
	case s == nothing:
		return e.void()
	case s == unanswered:
		return temporary
	case len(records) > MaxNames:
		return e.permanent(name + " has more than " + strconv.Itoa(MaxNames) + " mail exchangers")
	}
	return e.hosts(ctx, exchangers(records, e.addressType()), bits)
}

// exchangers are the questions for the addresses of mail exchangers.
func exchangers(records []dns.Record, t dns.Type) []dns.Question {
	questions := make([]dns.Question, 0, len(records))
	for i := range records {
		_, host, _ := strings.Cut(records[i].Data, " ")
		if host = plainName(host); host != "" { // else it is the null MX (RFC 7505)
			questions = append(questions, dns.Question{Name: host, Type: t})
		}
	}
	return questions
}

// hosts looks for the client's address among those of hosts, all of which are
// asked for at once; their answers count in their order.
func (e *evaluation) hosts(ctx context.Context, questions []dns.Question, bits int) verdict {
	void := true
	for i, reply := range dns.QueryAll(ctx, e.resolver, questions) {
		records, s := e.take(ctx, questions[i], reply.Answer, reply.Err)
		switch {
		case e.among(records, bits):
			return yes
		case s == unanswered:
			return temporary
		}
		void = void && s == nothing
	}
	if void {
		return e.void()
	}
	return no
}

// plainName is a name in the data of a record without its dot and escapes.
func plainName(data string) string {
	return strings.ToLower(dns.Unescape(strings.TrimSuffix(data, ".")))
}
