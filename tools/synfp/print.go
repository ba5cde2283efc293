package main

import (
	"fmt"
	"io"
	"net/netip"

	"postern/lib/record"
	"postern/lib/synfp"
	"postern/lib/tool"
)

// printer prints SYNs.
type printer struct {
	w     io.Writer
	name  naming
	form  form
	names bool
}

type form int

const (
	words form = iota
	lines
	json
)

func (p *program) printer(e *tool.Env, n naming) *printer {
	out := &printer{w: e.Stdout, name: n, names: p.names}
	switch {
	case e.JSON:
		out.form = json
	case p.lines:
		out.form = lines
	}
	return out
}

// print prints one SYN, a line, at once.
func (p *printer) print(s synfp.SYN) error {
	var text []byte
	switch p.form {
	case json:
		r := p.record(&s)
		text = r.AppendJSON(nil)
	case lines:
		r := p.record(&s)
		text = []byte(r.String())
	default:
		text = fmt.Appendf(nil, "%s %d %s", s.Client.Addr(), s.Client.Port(), s.String())
		if p.names {
			text = fmt.Appendf(text, " (%s)", p.name.words(&s))
		}
	}
	_, err := p.w.Write(append(text, '\n'))
	return err
}

// record is a SYN as attributes.
func (p *printer) record(s *synfp.SYN) (r record.Record) {
	set := func(end string, a netip.AddrPort) {
		if a.IsValid() {
			r.Set(end+"_address", a.Addr().String())
			r.SetInt(end+"_port", int64(a.Port()))
		}
	}
	set("client", s.Client)
	set("server", s.Server)
	found := result{Fingerprint: s.Fingerprint, system: p.name.name(s)}
	found.Record(&r)
	return r
}
