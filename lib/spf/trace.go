package spf

import (
	"context"
	"net/netip"
)

// Step is a line of a trace.
type Step struct {
	Level int    // 1: which records are evaluated; 2: their terms; 3: the DNS's answers
	Depth int    // 0 for the check itself, one more in each record and term
	Text  string // one line
}

// CheckTrace is Check, and reports each step of it when trace is not nil.
func (c *Checker) CheckTrace(ctx context.Context, ip netip.Addr, sender, helo string, trace func(Step)) Result {
	return Result{}
}
