package main

import (
	"cmp"
	"context"
	"errors"
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
	if text, ok := r.Lookup("syn_fingerprint"); ok {
		f, err := synfp.Parse(text)
		if err != nil {
			return nil, inputError{err}
		}
		return c.found(f, r), nil
	}
	address, err := tool.ClientAddress(r)
	if err != nil {
		return nil, err
	}
	client, server := end(r, "client"), end(r, "server")
	if !client.IsValid() { // the last SYN of the host
		client = netip.AddrPortFrom(address, 0)
	}
	asking, cancel := context.WithTimeout(ctx, synfp.Wait(c.conf.waitMs))
	defer cancel()
	f, err := synfp.Ask(asking, c.socket, client, server)
	switch {
	case errors.Is(err, synfp.ErrUnseen), err != nil && asking.Err() != nil && ctx.Err() == nil:
		return unseen{}, nil
	case err != nil:
		return nil, err
	}
	return c.found(f, r), nil
}

// found is the result that a fingerprint makes.
func (c *checker) found(f synfp.Fingerprint, r *record.Record) *result {
	return &result{f, c.name(&synfp.SYN{Fingerprint: f}), r}
}

// end reads one of the ends of a connection from a record; not valid when it is
// not there, or not all of it.
func end(r *record.Record, name string) netip.AddrPort {
	a, _ := netip.ParseAddr(r.Value(name + "_address"))
	port, err := strconv.ParseUint(r.Value(name+"_port"), 10, 16)
	if err != nil || !a.IsValid() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Unmap().WithZone(""), uint16(port))
}

// unseen is the result for a client whose SYN the collector has not seen: none.
type unseen struct{}

func (unseen) Record(*record.Record) {}
func (unseen) Status() int           { return sysexits.OK }
func (unseen) Action() string        { return "" }
func (unseen) Text() string          { return synfp.ErrUnseen.Error() }

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
