package main

import (
	"context"
	"fmt"

	"postern/lib/deliver"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// show is -x and -#: where the recipients go, and what would be done for them,
// one line each.
func (p *program) show(operands []string) int {
	status := sysexits.OK
	shown := make(map[string]bool)
	for _, operand := range operands {
		list, err := p.parseOperand(operand)
		if err != nil {
			status = max(status, complain(p.stderr, sysexits.DataErr, fmt.Errorf("recipient %q: %w", operand, err)))
		}
		for _, m := range list {
			name := operand
			if len(list) > 1 {
				name = m.String()
			}
			status = max(status, p.showRoute(name, m, shown))
		}
	}
	return status
}

// showRoute is where one recipient goes, but for what was shown before.
func (p *program) showRoute(name string, m smtp.Mailbox, shown map[string]bool) int {
	list, err := p.mail.Route(context.Background(), m)
	if err != nil {
		return complain(p.stderr, sysexits.TempFail, err)
	}
	status := sysexits.OK
	for _, dest := range list {
		if dest.Kind == deliver.Nobody {
			status = sysexits.NoUser
		}
		line := describe(dest)
		if p.explain {
			line = name + " " + line
		}
		if !shown[line] {
			shown[line] = true
			fmt.Fprintln(p.stdout, line)
		}
	}
	return status
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
