package rbl

import (
	"context"
	"net/netip"
	"strings"

	"postern/lib/dns"
	"postern/lib/maillog"
	"postern/lib/record"
)

// Bounds of what lists may say in a record, in octets.
const (
	maxReason = 200
	maxField  = 2000
)

// Hit is a list that has the client.
type Hit struct {
	List   *List
	About  string       // what it has: the client's address or name, or the sender's domain, cleaned
	Codes  []netip.Addr // that it answered and that count
	Reason string       // its own words, cleaned: see Reasons

	name string // that it has
}

// Failure is a list that could not be asked.
type Failure struct {
	List   *List
	Reason string
}

// Result is what lists say.
type Result struct {
	Hits     []Hit
	Failures []Failure
	Score    int // the sum of the scores of the lists of Hits, each counted once
}

// Refused reports whether the score is too much.
func (r *Result) Refused() bool { return r.Score >= Threshold }

// take adds the answer to a question.
func (r *Result) take(q *question) {
	switch {
	case len(q.codes) > 0:
		r.hit(Hit{List: q.list, About: maillog.Clean(q.about, maxReason), Codes: q.codes, name: q.name})
	case q.fault != "":
		r.Failures = append(r.Failures, Failure{q.list, q.fault})
	}
}

func (r *Result) hit(h Hit) {
	if !r.has(h.List) {
		r.Score += h.List.Score
	}
	r.Hits = append(r.Hits, h)
}

func (r *Result) has(l *List) bool {
	for i := range r.Hits {
		if r.Hits[i].List == l {
			return true
		}
	}
	return false
}

// Add adds what the same lists said when they were asked about something else.
func (r *Result) Add(other Result) {
	for _, h := range other.Hits {
		r.hit(h)
	}
	r.Failures = append(r.Failures, other.Failures...)
}

// Reasons asks the lists of the hits for their reasons (RFC 5782 2.1: TXT) for
// as long as ctx lasts. A list without one stays without.
func (r *Result) Reasons(ctx context.Context, resolver dns.Resolver) {
	questions := make([]dns.Question, len(r.Hits))
	for i := range r.Hits {
		questions[i] = dns.Question{Name: r.Hits[i].name, Type: dns.TypeTXT}
	}
	for i, reply := range dns.QueryAll(ctx, resolver, questions) {
		if reply.Err == nil {
			r.Hits[i].explain(reply.Answer.Texts()[0])
		}
	}
}

// explain takes the list's reason.
func (h *Hit) explain(text string) {
	h.Reason = maillog.Clean(h.List.Hide(text), maxReason)
}

// Record sets the attributes rbl, rbl_errors, rbl_reason and rbl_score. The
// first three are absent when there is nothing to say.
func (r *Result) Record(rec *record.Record) {
	set := func(name, value string) {
		if value != "" {
			rec.Set(name, value)
		}
	}
	set("rbl", r.Listings())
	set("rbl_errors", r.Errors())
	set("rbl_reason", r.Reason())
	rec.SetInt("rbl_score", int64(r.Score))
}

// Listings returns the lists that have the client, and what they answered, as
// "list (address address), list (address)".
func (r *Result) Listings() string {
	var b strings.Builder
	for i := range r.Hits {
		h := &r.Hits[i]
		item(&b, h.List.Name(), func() {
			for n, a := range h.Codes {
				if n > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(a.String())
			}
		})
	}
	return maillog.Clean(b.String(), maxField)
}

// Errors returns the lists that could not be asked as "list (error), ...".
func (r *Result) Errors() string {
	var b strings.Builder
	for i := range r.Failures {
		f := &r.Failures[i]
		item(&b, f.List.Name(), func() { b.WriteString(f.Reason) })
	}
	return maillog.Clean(b.String(), maxField)
}

// item writes one part of a list with commas.
func item(b *strings.Builder, name string, content func()) {
	if b.Len() > 0 {
		b.WriteString(", ")
	}
	b.WriteString(name + " (")
	content()
	b.WriteByte(')')
}

// Reason returns the reason that the first list with one gives, of those that
// count against the client.
func (r *Result) Reason() string {
	for i := range r.Hits {
		if h := &r.Hits[i]; h.Reason != "" && h.List.Score > 0 {
			return h.Reason
		}
	}
	return ""
}

// Against says what is listed by the lists that count against the client, as
// "192.0.2.7 is listed by bl.example, zen.example; spam.example is listed by
// dbl.example".
func (r *Result) Against() string {
	var b strings.Builder
	about := ""
	for i := range r.Hits {
		h := &r.Hits[i]
		switch {
		case h.List.Score <= 0:
			continue
		case h.About == about:
			b.WriteString(", ")
		default:
			if b.Len() > 0 {
				b.WriteString("; ")
			}
			about = h.About
			b.WriteString(about + " is listed by ")
		}
		b.WriteString(h.List.Name())
	}
	return maillog.Clean(b.String(), maxField)
}

// Attributes are the names of those that Record may set.
func Attributes() []string {
	return []string{"rbl", "rbl_errors", "rbl_reason", "rbl_score"}
}
