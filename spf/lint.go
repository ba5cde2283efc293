package main

import (
	"context"
	"fmt"

	"postern/lib/spf"
	"postern/lib/sysexits"
	"postern/lib/tool"
)

// lint writes what is wrong with what domains publish, a line each, and a line
// that sums up.
func lint(e *tool.Env, domains []string) int {
	c := &spf.Checker{Resolver: e.DNS}
	status := sysexits.OK
	for _, domain := range domains {
		ctx, cancel := context.WithTimeout(context.Background(), spf.Limit)
		r := c.Lint(ctx, domain)
		cancel()
		for i := range r.Findings {
			fmt.Fprintln(e.Stdout, plain(r.Findings[i].String()))
		}
		fmt.Fprintf(e.Stdout, "%s: %d octets, %d of %d look-ups, %d of %d void\n",
			plain(r.Domain), r.Octets, r.Lookups, spf.MaxLookups, r.Voids, spf.MaxVoids)
		status = max(status, lintStatus(r))
	}
	return status
}

// lintStatus is 65 when something does not work, 75 when that cannot be told.
func lintStatus(r *spf.Report) int {
	switch worst, ok := r.Worst(); {
	case ok && worst == spf.Unknown:
		return sysexits.TempFail
	case ok && worst == spf.Fault:
		return sysexits.DataErr
	}
	return sysexits.OK
}
