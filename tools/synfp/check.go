package main

import (
	"cmp"
	"context"
	"net/netip"
	"strconv"

	"postern/lib/record"
	"postern/lib/synfp"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

// checker completes the records of a filter, and answers Postfix.
type checker struct {
	naming
	conf   config
	socket string
}

func (p *program) open(e *tool.Env) (tool.Checker, error) {
	n, c, err := p.naming(e)
	return &checker{n, c, p.path()}, err
}

// Check names the system of the record's fingerprint. When it has none, the
// collector is asked for that.
func (c *checker) Check(ctx context.Context, r *record.Record) (tool.Result, error) {
	text, ok := r.Lookup("syn_fingerprint")
	if ok {
		f, err := synfp.Parse(text)
		if err != nil {
			return nil, inputError{err}
		}
		return &result{f, c.name(&synfp.SYN{Fingerprint: f}), r}, nil
	}
	client, err := tool.ClientAddress(r)
	if err != nil {
		return nil, err
	}
	port, _ := strconv.ParseUint(r.Value("client_port"), 10, 16)
	server, _ := netip.ParseAddrPort(r.Value("server_address") + ":" + r.Value("server_port"))
	f, err := synfp.Ask(ctx, c.socket, netip.AddrPortFrom(client, uint16(port)), server)
	if err != nil {
		return nil, err
	}
	return &result{f, c.name(&synfp.SYN{Fingerprint: f}), r}, nil
}

// inputError is a fault of the record.
type inputError struct{ error }

func (e inputError) Is(target error) bool { return target == tool.ErrInput }
func (e inputError) Unwrap() error        { return e.error }

// result is a SYN and the name of its system.
type result struct {
	synfp.Fingerprint
	system string
	asked  *record.Record
}

// Record sets the fingerprint and, when it is known, the system.
func (r *result) Record(to *record.Record) {
	to.Set("syn_fingerprint", r.Fingerprint.String())
	if r.system != "" {
		to.Set("syn_os", r.system)
	}
}

// Status is 0: no system is refused.
func (r *result) Status() int { return sysexits.OK }

// Action adds the fields of X-Avenger that are known.
func (r *result) Action() string {
	full := r.asked.Clone()
	r.Record(&full)
	return tool.PrependXAvenger(&full)
}

// Text is the result for a person.
func (r *result) Text() string { return r.Fingerprint.String() + " " + cmp.Or(r.system, "unknown") }
