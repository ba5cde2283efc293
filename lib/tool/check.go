package tool

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"postern/lib/record"
)

// defaultLimit is how long a check may take.
const defaultLimit = 20 * time.Second

// check makes one check within the program's limit.
func (p *Program) check(ctx context.Context, c Checker, r *record.Record) (Result, error) {
	ctx, cancel := p.limited(ctx)
	defer cancel()
	return safely(ctx, c, r)
}

// safely makes one check. A panic is an error of this check alone.
func safely(ctx context.Context, c Checker, r *record.Record) (res Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			res, err = nil, fmt.Errorf("internal error: %v", v)
		}
	}()
	return c.Check(ctx, r)
}

// checkAll makes several checks. Those of a batch that panics are made again one
// by one, so that it is an error of one alone here too.
func (p *Program) checkAll(ctx context.Context, c Checker, records []*record.Record, outcomes []Outcome) {
	if b, ok := c.(BatchChecker); ok && len(records) > 1 && p.together(ctx, b, records, outcomes) {
		return
	}
	for i, r := range records {
		outcomes[i].Result, outcomes[i].Err = p.check(ctx, c, r)
	}
}

// together reports whether all checks were made.
func (p *Program) together(ctx context.Context, b BatchChecker, records []*record.Record, outcomes []Outcome) (made bool) {
	defer func() {
		if recover() != nil {
			made = false
		}
	}()
	ctx, cancel := p.limited(ctx)
	defer cancel()
	b.CheckAll(ctx, records, outcomes)
	return true
}

func (p *Program) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, p.limit())
}

func (p *Program) limit() time.Duration { return cmp.Or(p.Limit, defaultLimit) }
