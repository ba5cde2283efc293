package main

import (
	"context"

	"postern/lib/arg"
	"postern/lib/sysexits"
)

// pingConfig is what the command line says about -p.
type pingConfig struct{}

// options adds the options that -p has.
func (c *pingConfig) options(s *arg.Set) {}

// pingAll is -p.
func (p *program) pingAll(ctx context.Context) int { return sysexits.TempFail }
