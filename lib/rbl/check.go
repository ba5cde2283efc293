package rbl

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"postern/lib/dns"
)

// question is one question to one list.
type question struct {
	client int // whom it is about, by place
	list   *List
	about  string // the address, the client's name or the sender's domain
	name   string

	codes   []netip.Addr // that count, when the name is listed
	fault   string
	foreign bool // the fault is an answer that no list gives
}

// Check asks all lists about all that is known of the client, at once, for as
// long as ctx lasts. Lists that did not answer by then are errors of theirs.
// The lists must not change while the result is used.
func Check(ctx context.Context, r dns.Resolver, lists []List, c Client) (res Result) {
	CheckEach(ctx, r, lists, []Client{c}, func(_ int, found Result) { res = found })
	return res
}

// CheckEach is Check for several clients at once. It tells the result of each,
// with its place, soon after all lists have answered about it, one after the
// other.
func CheckEach(ctx context.Context, r dns.Resolver, lists []List, clients []Client, tell func(place int, res Result)) {
	questions := make([]question, 0, len(clients)*len(lists))
	rounds := make([]round, len(clients))
	for i := range clients {
		from := len(questions)
		questions = appendQuestions(questions, lists, i, &clients[i])
		rounds[i] = round{from, len(questions), len(questions) - from}
		if rounds[i].left == 0 {
			tell(i, Result{})
		}
	}
	askEach(ctx, r, questions, func(q *question) {
		c := &rounds[q.client]
		if c.left--; c.left == 0 {
			tell(q.client, resultOf(questions[c.from:c.to]))
		}
	})
}

// round is the questions about one client, by place.
type round struct {
	from, to int
	left     int // without an answer
}

func resultOf(questions []question) (res Result) {
	for i := range questions {
		res.take(&questions[i])
	}
	return res
}

// appendQuestions appends what there is to be asked about the client at a place.
func appendQuestions(all []question, lists []List, place int, c *Client) []question {
	about := [...]string{"", c.Name, domainOf(c.Sender)} // in the order of By
	asked := about
	if c.Addr.IsValid() {
		about[0], asked[0] = c.Addr.Unmap().String(), dns.Reverse(c.Addr)
	}
	for i := range lists {
		l := &lists[i]
		for n, what := range asked {
			if l.By&(ByAddress<<n) != 0 && what != "" {
				all = append(all, question{client: place, list: l, about: about[n], name: what + "." + l.Zone})
			}
		}
	}
	return all
}

// domainOf returns a sender's domain as lists are asked about it, in A-labels,
// and "" for an address, of which lists of names know nothing.
func domainOf(domain string) string {
	if _, err := netip.ParseAddr(strings.TrimSuffix(domain, ".")); err == nil || strings.HasPrefix(domain, "[") {
		return ""
	}
	return dns.ToASCII(domain)
}

// askEach asks all questions at once, judges the answers, and tells which it has
// judged.
func askEach(ctx context.Context, r dns.Resolver, questions []question, judged func(*question)) {
	asked := make([]dns.Question, len(questions))
	for i := range questions {
		asked[i] = dns.Question{Name: questions[i].name, Type: dns.TypeA}
	}
	dns.QueryEach(ctx, r, asked, func(i int, reply dns.Reply) {
		q := &questions[i]
		if reply.Err == nil {
			q.judge(reply.Answer.Addrs())
		} else {
			q.fault = reasonOf(reply.Err)
		}
		judged(q)
	})
}

// reasonOf says what went wrong without the name that was asked for, which may
// have a key in it. That there is nothing is not wrong: "".
func reasonOf(err error) string {
	e, ok := errors.AsType[*dns.Error](err)
	switch {
	case !ok:
		return "cannot be asked"
	case e.Kind == dns.ErrNotFound:
		return ""
	case e.Reason == "":
		return e.Kind.Error()
	}
	return e.Reason
}

// judge tells the answers that count from those that do not. Only when none is
// the answer of a list, it is a fault of the list.
func (q *question) judge(answers []netip.Addr) {
	for _, a := range answers {
		switch why := q.list.refusal(a); {
		case why != "":
			q.fault, q.foreign = why, a.As4()[0] != 127
		case q.list.Codes.Has(a):
			q.codes = append(q.codes, a)
		}
	}
}

// refusal says why an answer is none of a list: it is beyond 127.0.0.0/8
// (RFC 5782 2.3), as that of a domain that was sold, or one by which the list
// says that it does not answer such questions, or us.
func (l *List) refusal(a netip.Addr) string {
	raw := a.As4()
	switch {
	case raw[0] != 127:
		return "answers " + a.String() + ", which is no answer of a list"
	case raw[1] == 255 && raw[2] == 255:
		return "refuses to be asked: " + a.String() + blocked(raw[3])
	case raw == [4]byte{127, 0, 0, 1} && l.below("uribl.com", "surbl.org"),
		raw == [4]byte{127, 0, 0, 255} && l.below("dnswl.org"),
		raw == [4]byte{127, 0, 1, 255} && l.below("spamhaus.org", "spamhaus.net"):
		return "refuses to be asked: " + a.String()
	}
	return ""
}

// blocked explains the codes that Spamhaus has begun and others took over.
func blocked(code byte) string {
	switch code {
	case 252:
		return " (wrong name of the list)"
	case 254:
		return " (asked through an open resolver)"
	case 255:
		return " (too many questions)"
	}
	return ""
}

// below reports whether the list is one of these or below one.
func (l *List) below(domains ...string) bool {
	for _, d := range domains {
		if l.Zone == d || strings.HasSuffix(l.Zone, "."+d) {
			return true
		}
	}
	return false
}
