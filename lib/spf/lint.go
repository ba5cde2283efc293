package spf

import (
	"context"
	"fmt"
	"strings"

	"postern/lib/dns"
)

// Severity says how bad a finding is.
type Severity uint8

// The severities, the worst last.
const (
	Warning Severity = iota // works, and is not what it should be
	Unknown                 // could not be looked up now
	Fault                   // does not work, or lets anybody in
)

// String returns "warning", "unknown" or "fault".
func (s Severity) String() string { return [...]string{"warning", "unknown", "fault"}[s] }

// Finding is one thing that is wrong with what a domain publishes.
type Finding struct {
	Severity Severity
	Domain   string // whose record it is
	Pos      int    // where in the record, in octets; -1 for no single place
	Term     string // the word that is meant; "" for the whole record
	Text     string // what is wrong
	Advice   string // what to do about it
}

// String returns the finding on one line.
func (f *Finding) String() string {
	s := f.Domain + ": "
	if f.Pos >= 0 {
		s = fmt.Sprintf("%s:%d: ", f.Domain, f.Pos+1)
	}
	s += f.Severity.String() + ": "
	if f.Term != "" {
		s += quoteWord(f.Term) + ": "
	}
	return s + f.Text + "; " + f.Advice
}

// quoteWord shows a word of a record as it is, unless it has odd octets in it.
func quoteWord(s string) string {
	if q := quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}

// Report is what Lint finds.
type Report struct {
	Domain   string
	Octets   int // of the record
	Lookups  int // terms that ask the DNS, when all of them are evaluated
	Voids    int // of those, how many find nothing
	Findings []Finding
}

// Worst is the severity of the worst finding; ok is false when there is none.
func (r *Report) Worst() (s Severity, ok bool) {
	for i := range r.Findings {
		if f := r.Findings[i].Severity; !ok || f > s {
			s, ok = f, true
		}
	}
	return s, ok
}

// maxLint is how many records are looked at: more than any check would.
const maxLint = 4 * MaxLookups

// Lint looks at what a domain publishes, and at the records to which that
// leads, for what is wrong, dangerous or too expensive.
func (c *Checker) Lint(ctx context.Context, domain string) *Report {
	domain = dns.ToASCII(domain)
	l := &linter{
		evaluation: evaluation{checker: c, resolver: dns.Published(c.Resolver), identity: identity{origin: domain}},
		report:     &Report{Domain: domain},
		grants:     true,
	}
	if !checkable(domain) || strings.IndexByte(domain, '@') >= 0 {
		l.domain = domain
		l.find(Fault, -1, "", "no domain that can have a record", "write it as in example.org")
		return l.report
	}
	l.record(ctx, domain, nil)
	l.limits()
	return l.report
}

// linter goes through a record and those that it includes.
type linter struct {
	evaluation
	report  *Report
	records int
	blind   [2]int // terms that find something only for clients of the other kind: IPv4, IPv6

	domain   string // whose record is looked at
	included bool   // it decides only about whom it lets pass (RFC 7208 5.2)
	grants   bool   // and whom it lets pass may send mail from the report's domain
}

func (l *linter) find(s Severity, pos int, term, text, advice string) {
	l.report.Findings = append(l.report.Findings, Finding{s, l.domain, pos, term, text, advice})
}

// record looks at the record of a domain. way are the domains that led to it.
func (l *linter) record(ctx context.Context, domain string, way []string) {
	outer := l.domain
	l.domain = domain
	defer func() { l.domain = outer }()
	if l.records++; l.records > maxLint {
		return
	}
	text, ok := l.published(ctx, domain, len(way) > 0)
	if !ok {
		return
	}
	if len(way) == 0 {
		l.report.Octets = len(text)
	}
	r, faults := ParseAll(text)
	for _, f := range faults {
		l.find(Fault, f.Pos, f.Term, f.Reason, "correct it: as it is, every check ends with permerror")
	}
	l.terms(r)
	l.questions(ctx, r, append(way, domain))
	l.explanation(ctx, r)
}

// published finds the one SPF record of a domain.
func (l *linter) published(ctx context.Context, domain string, referred bool) (text string, ok bool) {
	records, state := l.texts(ctx, domain)
	if state == unanswered {
		l.find(Unknown, -1, "", l.problem, "ask again")
		return "", false
	}
	var texts, near []string
	total := 0
	for i := range records {
		text := dns.Text(records[i].Data)
		total += len(text)
		if isSPF(text) {
			texts = append(texts, text)
		} else if strings.Contains(strings.ToLower(text), "spf1") {
			near = append(near, text)
		}
	}
	switch {
	case len(texts) > 1:
		l.find(Fault, -1, "", fmt.Sprintf("%d SPF records", len(texts)), "leave one: with several every check ends with permerror")
	case len(texts) == 0 && len(near) > 0:
		l.find(Fault, -1, "", "no SPF record: "+quote(near[0])+` does not begin with "v=spf1" and a blank`, "correct it")
	case len(texts) == 0 && referred:
		l.find(Fault, -1, "", "no SPF record, though others refer to it", "publish one, or take the reference out")
	case len(texts) == 0:
		l.find(Fault, -1, "", "no SPF record", `publish one; "v=spf1 -all" says that no mail comes from here`)
	default:
		l.size(len(texts[0]), total)
		return texts[0], true
	}
	return "", false
}

// Sizes of answers that make trouble (RFC 7208 3.4; RFC 6891 6.2.5).
const (
	smallAnswer = 450
	largeAnswer = 1200
)

// size looks at how long the answer with the record is.
func (l *linter) size(record, all int) {
	switch {
	case all > largeAnswer:
		l.find(Warning, -1, "", fmt.Sprintf("the TXT records of this name are %d octets, too many for one UDP packet", all),
			"move other TXT records to names of their own, or parts of this one into includes")
	case record > smallAnswer:
		l.find(Warning, -1, "", fmt.Sprintf("the record is %d octets, more than the %d that fit everywhere", record, smallAnswer),
			"shorten it, or move parts of it into includes")
	}
}

// limits looks at what all records together cost.
func (l *linter) limits() {
	r := l.report
	l.domain = r.Domain
	if r.Lookups > MaxLookups {
		l.find(Fault, -1, "", fmt.Sprintf("%d terms ask the DNS, %d may", r.Lookups, MaxLookups),
			"take includes out, or put addresses (ip4, ip6) in place of names: checks that come so far end with permerror")
	}
	if r.Voids > MaxVoids {
		l.find(Fault, -1, "", fmt.Sprintf("%d terms find nothing in the DNS, %d may", r.Voids, MaxVoids),
			"take them out: checks that come so far end with permerror")
		return
	}
	for i, kind := range [...]string{"IPv4", "IPv6"} {
		if n := r.Voids + l.blind[i]; n > MaxVoids {
			l.find(Warning, -1, "", fmt.Sprintf("%d terms find nothing for a client with %s, %d may", n, kind, MaxVoids),
				"put addresses (ip4, ip6) in place of names: checks of such clients that come so far end with permerror")
		}
	}
}
