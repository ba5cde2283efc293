package main

import (
	"context"

	"postern/lib/mx"
	"postern/lib/record"
	"postern/lib/sysexits"
)

// showPlan is -n: the addresses to which mail would be brought, in the order in
// which they would be tried, and what TLS would have to be with each. When there is
// none the failure is told instead.
func (p *program) showPlan(ctx context.Context) int {
	if p.to.socket != "" {
		p.printPlan(p.to.socket, p.tls.Mode.String(), "")
		return sysexits.OK
	}
	route, security, err := p.lookUp(ctx, p.to)
	if err != nil {
		f := p.noRoute(err)
		return p.complain(f.status(), f)
	}
	for host := range route.Hosts(ctx) {
		policy, err := security.Policy(ctx, p.dns, route, host, p.to.portNumber())
		p.planHost(host, policy.Mode.String(), err)
	}
	for _, err := range route.Skipped() {
		p.printPlan("", "", err.Error())
	}
	return sysexits.OK
}

// planHost prints the addresses of a host; err is why it would be left out.
func (p *program) planHost(host mx.Host, tls string, err error) {
	reason := ""
	if err != nil {
		tls, reason = "", err.Error()
	}
	for _, addr := range host.Addrs {
		p.printPlan(hostText(host.Name, addr), tls, reason)
	}
}

// printPlan prints a line.
func (p *program) printPlan(host, tls, reason string) {
	var r record.Record
	for _, a := range [...]struct{ name, value string }{{"host", host}, {"tls", tls}, {"reason", reason}} {
		if a.value != "" {
			r.Set(a.name, a.value)
		}
	}
	p.stdout.Write(append(r.AppendLine(nil), '\n'))
}
