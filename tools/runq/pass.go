package main

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"postern/lib/dns"
	"postern/lib/queue"
)

// pool is a number of workers on entries.
type pool struct {
	due   chan queue.Ref // in order, until closed
	fresh chan queue.Ref // just announced: these go first
	wait  sync.WaitGroup
}

// start starts the workers. They end, after the entry in hand, when due is
// closed.
func (r *runner) start(ctx context.Context) *pool {
	p := &pool{due: make(chan queue.Ref), fresh: make(chan queue.Ref)}
	p.wait.Go(func() { r.clean(ctx) })
	for range r.jobs {
		p.wait.Go(func() {
			for ref, ok := p.next(); ok; ref, ok = p.next() {
				r.work(ctx, ref)
			}
		})
	}
	return p
}

// next is the next entry for a worker.
func (p *pool) next() (ref queue.Ref, ok bool) {
	select {
	case ref = <-p.fresh:
		return ref, true
	default:
	}
	select {
	case ref = <-p.fresh:
		return ref, true
	case ref, ok = <-p.due:
		return ref, ok
	}
}

// stop waits until the workers, and what they have sent to other hosts, have
// come to an end.
func (r *runner) stop(ctx context.Context, p *pool) {
	close(p.due)
	p.wait.Wait()
	r.remote.drain()
	r.queue.Flush(ctx)
}

// clean removes what was left by processes that were killed.
func (r *runner) clean(ctx context.Context) {
	if err := r.queue.Clean(ctx, r.now()); err != nil && ctx.Err() == nil {
		r.report(err)
	}
}

// pass works once on each of the entries. Its error is the first that was not
// about mail: a folder that cannot be read, a disk that is full.
func (r *runner) pass(ctx context.Context, refs iter.Seq2[queue.Ref, error]) error {
	defer context.AfterFunc(ctx, r.remote.end)()
	p := r.start(ctx)
	r.feed(ctx, p, refs)
	r.stop(ctx, p)
	return r.trouble.first()
}

// feed hands the entries to the workers as these have time.
func (r *runner) feed(ctx context.Context, p *pool, refs iter.Seq2[queue.Ref, error]) {
	for ref, err := range refs {
		if err != nil {
			r.report(err)
			continue
		}
		select {
		case p.due <- ref:
		case <-ctx.Done():
			return
		}
	}
}

// selected are the entries that the command line asks for: those that are due,
// with -E all that wait, with -q those that are named or have a recipient in a
// domain that is named.
func (r *runner) selected(ctx context.Context, c *config) iter.Seq2[queue.Ref, error] {
	switch {
	case len(c.queries) > 0:
		return r.matching(ctx, c.queries)
	case c.now:
		return r.waiting(ctx)
	}
	return r.due(ctx)
}

// waiting are all entries that are to be tried some time, each once: one that
// is worked on meanwhile moves ahead of the search.
func (r *runner) waiting(ctx context.Context) iter.Seq2[queue.Ref, error] {
	return func(yield func(queue.Ref, error) bool) {
		seen := map[string]bool{}
		for ref, err := range r.queue.All(ctx) {
			if err == nil && (seen[ref.ID] || ref.Place != queue.New && ref.Place != queue.Wait) {
				continue
			}
			seen[ref.ID] = true
			if !yield(ref, err) {
				return
			}
		}
	}
}

// matching are the entries that -q names. An id is found wherever the entry
// lies, a failed one included; a domain is looked for among those that wait.
func (r *runner) matching(ctx context.Context, queries []string) iter.Seq2[queue.Ref, error] {
	return func(yield func(queue.Ref, error) bool) {
		var domains []string
		for _, query := range queries {
			ref, err := r.queue.Find(query)
			if errors.Is(err, queue.ErrNotFound) {
				domains = append(domains, query)
			} else if !yield(ref, err) {
				return
			}
		}
		for ref, err := range r.forDomains(ctx, domains) {
			if !yield(ref, err) {
				return
			}
		}
	}
}

// forDomains are the entries that wait with a recipient in one of the domains.
func (r *runner) forDomains(ctx context.Context, domains []string) iter.Seq2[queue.Ref, error] {
	return func(yield func(queue.Ref, error) bool) {
		if len(domains) == 0 {
			return
		}
		for ref, err := range r.waiting(ctx) {
			if err == nil && !r.goesTo(ref, domains) {
				continue
			}
			if !yield(ref, err) {
				return
			}
		}
	}
}

// goesTo says whether the entry seen at ref has a recipient in one of the
// domains. One that cannot be read is left to those who work on it.
func (r *runner) goesTo(ref queue.Ref, domains []string) bool {
	info, err := r.queue.Look(ref)
	return err == nil && hasDomain(info, domains, queue.State.Open)
}

// hasDomain says whether a recipient in a wanted state is in one of the
// domains: "dom", "*.dom" for dom and all below it, "*" for all.
func hasDomain(info queue.Info, domains []string, wanted func(queue.State) bool) bool {
	for i, s := range info.Status {
		domain := info.Envelope.Recipients[i].Mailbox.Domain
		if wanted(s.State) && (slices.Contains(domains, "*") || dns.MatchDomains(domains, domain)) {
			return true
		}
	}
	return false
}
