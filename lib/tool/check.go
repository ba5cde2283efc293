package tool

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"postern/lib/record"
)

// defaultLimit is how long a check may take.
const defaultLimit = 20 * time.Second

// check makes one check within the program's limit.
func (p *Program) check(ctx context.Context, c Checker, r *record.Record) (Result, error) {
	limited := within(ctx, p.limit())
	defer limited.stop()
	return safely(limited, c, r)
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

// checkEach makes several checks, and tells the outcome of each exactly once. When a
// batch panics, the checks of it that are not told yet are made again one by one, so
// that the panic is the error of one check alone.
func (p *Program) checkEach(ctx context.Context, c Checker, records []*record.Record, tell func(int, Outcome)) {
	told := make([]atomic.Bool, len(records))
	if b, ok := c.(BatchChecker); ok && len(records) > 1 {
		p.together(ctx, b, records, func(i int, o Outcome) {
			if !told[i].Swap(true) {
				tell(i, o)
			}
		})
	}
	for i, r := range records {
		if !told[i].Swap(true) {
			res, err := p.check(ctx, c, r)
			tell(i, Outcome{res, err})
		}
	}
}

// together makes the checks of a batch. When one of them panics, some outcomes are
// not told.
func (p *Program) together(ctx context.Context, b BatchChecker, records []*record.Record, tell func(int, Outcome)) {
	defer func() { recover() }()
	limited := within(ctx, p.limit())
	defer limited.stop()
	b.CheckEach(limited, records, tell)
}

func (p *Program) limit() time.Duration { return cmp.Or(p.Limit, defaultLimit) }
