package spf

import (
	"postern/lib/dns"
)

// Step is a line of a trace.
type Step struct {
	Level int    // 1: which records are evaluated, and what they give; 2: their terms; 3: the DNS's answers
	Depth int    // how many records are around it
	Text  string // one line
}

// tracer tells somebody what happens. It does nothing when nobody listens.
type tracer struct {
	trace func(Step)
	depth int
}

func (t *tracer) begin(rule Rule) {}

func (t *tracer) enter(r *Record, domain string) func() { return func() {} }

func (t *tracer) told(d *Directive, v verdict) {}

func (t *tracer) answered(name string, ty dns.Type, a dns.Answer, err error) {}
