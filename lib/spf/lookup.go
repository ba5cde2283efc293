package spf

import (
	"context"

	"postern/lib/dns"
)

// fetch finds and reads a domain's record (RFC 7208 4.4, 4.5). Where there is none to
// evaluate, the record is nil and the code says why: None, TempError or PermError.
func (e *evaluation) fetch(ctx context.Context, domain string) (*Record, Code) {
	answer, state := e.texts(ctx, domain)
	if state == unanswered {
		return nil, TempError
	}
	var only *reading
	for i := range answer {
		r := e.checker.records.reading(answer[i].Data)
		if !r.isSPF {
			continue
		}
		if only != nil {
			e.problem = domain + " publishes several records"
			return nil, PermError
		}
		only = r
	}
	if only == nil {
		return nil, None
	}
	if only.err != nil {
		e.problem = domain + ": " + only.err.Error()
		return nil, PermError
	}
	return only.record, Neutral
}

// texts asks for the TXT records of a domain. What is none has none (RFC 7208
// 4.3), even if the DNS has.
func (e *evaluation) texts(ctx context.Context, domain string) ([]dns.Record, state) {
	if !checkable(domain) {
		return nil, nothing
	}
	return e.ask(ctx, domain, dns.TypeTXT)
}

// state is how a question was answered.
type state uint8

const (
	found state = iota
	nothing
	unanswered
)

// ask asks the DNS.
func (e *evaluation) ask(ctx context.Context, name string, t dns.Type) ([]dns.Record, state) {
	answer, err := e.resolver.Query(ctx, name, t)
	return e.take(ctx, dns.Question{Name: name, Type: t}, answer, err)
}

// take sorts an answer into found, nothing and unanswered, and notes the problem of
// the last.
func (e *evaluation) take(ctx context.Context, q dns.Question, answer dns.Answer, err error) ([]dns.Record, state) {
	e.answered(q.Name, q.Type, answer, err)
	switch fault, ok := err.(*dns.Error); {
	case err == nil:
		return answer.Records, found
	case ok && fault.Kind == dns.ErrNotFound:
		return nil, nothing
	}
	e.problem = err.Error()
	if ctx.Err() != nil {
		e.problem = "the check takes too long: " + e.problem
	}
	return nil, unanswered
}
