package spf

import (
	"strconv"
	"strings"

	"postern/lib/dns"
)

// Step is a line of a trace.
type Step struct {
	Level Level
	Depth int    // how far it is to be indented
	Text  string // one line, without its end
}

// Level is how much a trace tells.
type Level int

// The levels of a trace; each has all of those before it.
const (
	TraceRecords Level = 1 + iota // which records are evaluated, and what each gives
	TraceTerms                    // what each term gives
	TraceDNS                      // what is asked of the DNS
	TraceAnswers                  // the answers, as lines of a zone file
)

// tracer tells somebody what happens. It does nothing when nobody listens.
type tracer struct {
	trace func(Step)
	depth int
}

func (t *tracer) step(level Level, words ...string) {
	if t.trace != nil {
		t.trace(Step{level, t.depth, strings.Join(words, "")})
	}
}

// begin tells whose words are evaluated when it is not the domain that speaks.
func (t *tracer) begin(rule Rule) {
	if rule != Published {
		t.step(TraceRecords, rule.String())
	}
}

// enter and leave stand around a record.
func (t *tracer) enter(r *Record, domain string) {
	if t.trace != nil {
		t.step(TraceRecords, domain, ": ", r.String())
	}
	t.depth++
}

func (t *tracer) leave(domain string, code Code) {
	t.depth--
	t.step(TraceRecords, domain, ": ", code.String())
}

// noRecord tells why there is none to evaluate.
func (t *tracer) noRecord(domain string, code Code, problem string) {
	if code == None {
		t.step(TraceRecords, domain, ": no record, none")
		return
	}
	t.step(TraceRecords, domain, ": ", code.String(), ", ", strings.TrimPrefix(problem, domain+": "))
}

// opens tells that the record of another domain comes.
func (t *tracer) opens(d *Directive) {
	if t.trace != nil {
		t.step(TraceTerms, d.String())
	}
}

// redirects does the same for redirect.
func (t *tracer) redirects(spec *MacroString) {
	if t.trace != nil {
		t.step(TraceTerms, "redirect=", spec.text)
	}
}

var verdictWords = [...]string{no: "no match", yes: "match, ", temporary: "temporary error", permanent: "permanent error"}

// told tells what a directive gave. problem, if there is one, says what is wrong with
// the record.
func (t *tracer) told(d *Directive, v verdict, problem string) {
	if t.trace == nil {
		return
	}
	rest := ""
	switch {
	case v == yes:
		rest = d.Result.String()
	case v == permanent && problem != "":
		rest = ", " + problem
	}
	t.step(TraceTerms, d.String(), ": ", verdictWords[v], rest)
}

func (t *tracer) answered(name string, kind dns.Type, a dns.Answer, err error) {
	if t.trace == nil {
		return
	}
	question := "dns " + kind.String() + " " + quoteName(name) + ": "
	if err != nil {
		t.step(TraceDNS, question, why(err))
		return
	}
	t.step(TraceDNS, question, dataOf(a.Records))
	for i := range a.Records {
		r := &a.Records[i]
		ttl := strconv.Itoa(int(r.TTL.Seconds()))
		t.step(TraceAnswers, r.Name, ". ", ttl, " IN ", r.Type.String(), " ", r.Data)
	}
}

// maxData bounds what a line shows of an answer; TraceAnswers has all of it.
const maxData = 200

// dataOf is the data of records on one line.
func dataOf(records []dns.Record) string {
	var b strings.Builder
	for i := range records {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(records[i].Data)
		if b.Len() > maxData {
			return b.String()[:maxData] + "..."
		}
	}
	return b.String()
}

// why is an error of the DNS without the question.
func why(err error) string {
	e, ok := err.(*dns.Error)
	switch {
	case !ok:
		return err.Error()
	case e.NoName:
		return "no such name"
	case e.Kind == dns.ErrNotFound:
		return "nothing of this type"
	case e.Reason == "":
		return e.Kind.Error()
	}
	return e.Kind.Error() + ", " + e.Reason
}

// quoteName shows a name, quoted if macros have put anything strange into it.
func quoteName(name string) string {
	for i := range len(name) {
		if name[i] <= ' ' || name[i] > '~' {
			return quote(name)
		}
	}
	return name
}
