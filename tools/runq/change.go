package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"postern/lib/queue"
	"postern/lib/smtp"
)

// change is what a person wants to be done with entries.
type change struct {
	word string // as it is told
	from []queue.Place
	do   func(r *runner, e *queue.Entry) error
}

// The changes, by their options.
var (
	holdChange = change{"held", []queue.Place{queue.New, queue.Wait, queue.Failed},
		func(_ *runner, e *queue.Entry) error { return e.Hold() }}
	releaseChange = change{"released", []queue.Place{queue.Held},
		func(_ *runner, e *queue.Entry) error { return e.Release() }}
	removeChange = change{"removed", anywhere,
		func(_ *runner, e *queue.Entry) error { return e.Drop() }}
	bounceChange = change{"returned", anywhere, (*runner).sendBack}
)

var anywhere = []queue.Place{queue.New, queue.Wait, queue.Held, queue.Failed}

// errNoQuery is for a change of nothing in particular.
var errNoQuery = errors.New("say with -q what is meant: an id, a domain, or * for all")

// errUnknown is for a change of what is not there: most likely a slip of the pen.
var errUnknown = errors.New("not in the queue (-l lists what is)")

// apply makes the change to all entries that -q names, and tells of each on
// stdout. One that another works on cannot be changed. If there is none at all
// the error is errUnknown, unless all were meant.
func (r *runner) apply(ctx context.Context, ch *change, queries []string, stdout io.Writer) error {
	var errs []error
	some := slices.Contains(queries, "*")
	for ref, err := range r.allOf(ctx, queries) {
		some = true
		if err == nil {
			err = r.changeOne(ch, ref)
		}
		switch {
		case err == nil:
			fmt.Fprintf(stdout, "%s %s\n", ref.ID, ch.word)
		case !errors.Is(err, queue.ErrNotFound) && !errors.Is(err, errElsewhere):
			errs = append(errs, err)
		}
	}
	r.queue.Flush(ctx)
	if !some && ctx.Err() == nil {
		return fmt.Errorf("%s: %w", strings.Join(queries, " "), errUnknown)
	}
	return errors.Join(errs...)
}

// errElsewhere says that a change does not concern an entry where it lies.
var errElsewhere = errors.New("not there")

// changeOne changes the entry seen at ref.
func (r *runner) changeOne(ch *change, ref queue.Ref) error {
	if ref.Place == queue.Damaged && ch.word == removeChange.word {
		return r.queue.DropDamaged(ref)
	}
	if !ch.concerns(ref.Place) {
		return errElsewhere
	}
	e, err := r.queue.Take(ref)
	if err != nil {
		return err
	}
	defer e.Close()
	return ch.do(r, e)
}

func (ch *change) concerns(p queue.Place) bool {
	return slices.Contains(ch.from, p)
}

// sendBack gives up who has not been served, and tells the sender.
func (r *runner) sendBack(e *queue.Entry) error {
	reply := smtp.Say(554, smtp.NoDetail, "removed from the queue by its administrator")
	for i := range e.Envelope.Recipients {
		s := e.Status(i)
		if !s.State.Open() {
			continue
		}
		s.State, s.Tried, s.Reply = queue.Rejected, r.now(), reply.String()
		if err := e.Mark(i, s); err != nil {
			return err
		}
	}
	return r.settle(e, r.now())
}

// allOf are the entries that the queries name, wherever they lie.
func (r *runner) allOf(ctx context.Context, queries []string) func(func(queue.Ref, error) bool) {
	return func(yield func(queue.Ref, error) bool) {
		seen := map[string]bool{}
		for ref, err := range r.queue.All(ctx) {
			named := err != nil
			if !named && !seen[ref.ID] {
				named, err = r.named(ref, queries)
			}
			if !named && err == nil {
				continue
			}
			seen[ref.ID] = true
			if !yield(ref, err) {
				return
			}
		}
	}
}

// named says whether one of the queries names the entry. One that cannot be
// understood has no domain; of one that cannot be read nobody knows.
func (r *runner) named(ref queue.Ref, queries []string) (bool, error) {
	if slices.Contains(queries, ref.ID) || slices.Contains(queries, "*") {
		return true, nil
	}
	info, err := r.queue.Look(ref)
	if errors.Is(err, queue.ErrNotFound) || errors.Is(err, queue.ErrDamaged) {
		return false, nil
	}
	return err == nil && hasDomain(info, queries, func(queue.State) bool { return true }), err
}

// setChange is an option that asks for a change.
func (c *config) setChange(ch *change) func(string) error {
	return func(string) error {
		if c.change != nil && c.change.word != ch.word {
			return errors.New("not together with another")
		}
		c.change = ch
		return nil
	}
}

// checkChange refuses a change that says not of what.
func (c *config) checkChange() error {
	if c.change != nil && len(c.queries) == 0 {
		return errNoQuery
	}
	return nil
}
