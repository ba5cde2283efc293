package main

import (
	"context"
	"fmt"
	"slices"

	"postern/lib/deliver"
	"postern/lib/sysexits"
)

// show is -x and -#: where the recipients go, and what would be done for them,
// one line each.
func (p *program) show(operands []string) int {
	status := sysexits.OK
	var shown []string
	for _, operand := range operands {
		list, err := p.routes(operand)
		if err != nil {
			status = complain(p.stderr, sysexits.TempFail, err)
			continue
		}
		for _, dest := range list {
			if dest.Kind == deliver.Nobody {
				status = max(status, sysexits.NoUser)
			}
			line := describe(dest)
			if p.explain {
				line = operand + " " + line
			}
			if !slices.Contains(shown, line) {
				shown = append(shown, line)
				fmt.Fprintln(p.stdout, line)
			}
		}
	}
	return status
}

// routes is where one operand goes.
func (p *program) routes(operand string) ([]deliver.Destination, error) {
	m, err := p.parseAddress(operand)
	if err == nil && m.IsZero() {
		err = fmt.Errorf("%q is no recipient", operand)
	}
	if err != nil {
		return nil, err
	}
	return p.mail.Route(context.Background(), m)
}

// describe is a destination for a person: with the address where that says
// more.
func describe(d deliver.Destination) string {
	switch d.Kind {
	case deliver.Relay, deliver.Nobody:
		return d.String() + " " + d.Mailbox.String()
	case deliver.Later:
		return d.String() + " " + d.Mailbox.String() + ": " + d.Path
	}
	return d.String()
}
