package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"postern/lib/queue"
	"postern/lib/record"
)

// show lists the queue: for a person, or as records. With -q only the entries
// asked for, and of these what the viewer may see.
func (c *config) show(ctx context.Context, q *queue.Queue, v viewer, stdout io.Writer) error {
	w := bufio.NewWriter(stdout)
	l := &lister{w: w, now: time.Now(), viewer: v, some: len(c.queries) > 0, each: (*lister).person}
	switch {
	case c.json:
		l.each = (*lister).json
	case c.records:
		l.each = (*lister).records
	}
	err := l.all(ctx, q, c.queries)
	if !c.json && !c.records {
		l.total()
	}
	return errors.Join(err, w.Flush())
}

// lister writes entries one by one, so that the first of many is seen at once.
type lister struct {
	w      *bufio.Writer
	now    time.Time
	viewer viewer
	some   bool // only what is asked for
	each   func(*lister, queue.Info)

	count map[queue.Place]int // of entries
	size  int64
}

// all writes all entries that match; those that leave the queue meanwhile are
// no error.
func (l *lister) all(ctx context.Context, q *queue.Queue, queries []string) error {
	l.count = map[queue.Place]int{}
	var errs []error
	for ref, err := range q.All(ctx) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		info, err := q.Look(ref)
		switch {
		case errors.Is(err, queue.ErrNotFound):
			continue
		case errors.Is(err, queue.ErrDamaged):
			info = queue.Info{Ref: ref}
		case err != nil:
			errs = append(errs, err)
			continue
		}
		if matches(info, queries) && l.viewer.sees(info) {
			l.count[info.Place]++
			l.size += info.Size
			l.each(l, info)
		}
	}
	return errors.Join(errs...)
}

// matches says whether -q asks for the entry.
func matches(info queue.Info, queries []string) bool {
	return len(queries) == 0 || slices.Contains(queries, info.ID) ||
		hasDomain(info, queries, func(queue.State) bool { return true })
}

// person writes an entry and its recipients for reading.
func (l *lister) person(info queue.Info) {
	if info.Envelope == nil {
		fmt.Fprintf(l.w, "%s  damaged\n", info.ID)
		return
	}
	sender := "<>"
	if s := info.Envelope.Sender.String(); s != "" {
		sender = s
	}
	fmt.Fprintf(l.w, "%s  %7s  %s  %s  %s\n", info.ID, size(info.Size),
		info.Created.Local().Format("Jan _2 15:04"), l.when(info.Ref), clean(sender))
	for i, rcpt := range info.Envelope.Recipients {
		s := info.Status[i]
		fmt.Fprintf(l.w, "    %s  %s", s.State, clean(rcpt.Mailbox.String()))
		if s.Tries > 0 {
			fmt.Fprintf(l.w, "  tried %d, last %s ago", s.Tries, since(s.Tried, l.now))
		}
		if s.Reply != "" {
			fmt.Fprintf(l.w, ": %s", s.Reply)
		}
		fmt.Fprintln(l.w)
	}
}

// when is what is to become of an entry.
func (l *lister) when(ref queue.Ref) string {
	switch {
	case ref.Place == queue.Failed:
		return "failed"
	case ref.Place == queue.New:
		return "new"
	case ref.Place == queue.Held:
		return "held"
	case !ref.Due.After(l.now) || ref.Due.After(l.now.Add(queue.Horizon)):
		return "due now"
	}
	return "due in " + ref.Due.Sub(l.now).Round(time.Minute).String()
}

// total is the last line for a person, by which queue.EndsListing knows the end.
func (l *lister) total() {
	n := 0
	for _, c := range l.count {
		n += c
	}
	entries := "entries"
	switch {
	case n == 0 && l.viewer != everybody:
		fmt.Fprintln(l.w, queue.NothingOfYours)
		return
	case n == 0 && l.some:
		fmt.Fprintln(l.w, "nothing of that is in the queue")
		return
	case n == 0:
		fmt.Fprintln(l.w, queue.NothingQueued)
		return
	case n == 1:
		entries = "entry"
	}
	fmt.Fprintf(l.w, "%s%d %s, %s: %d new, %d wait, %d held, %d failed, %d damaged\n", queue.TotalMark, n, entries, size(l.size),
		l.count[queue.New], l.count[queue.Wait], l.count[queue.Held], l.count[queue.Failed], l.count[queue.Damaged])
}

// records writes a line for each recipient.
func (l *lister) records(info queue.Info) {
	for rec := range recipients(info) {
		l.w.Write(append(rec.AppendLine(l.w.AvailableBuffer()), '\n'))
	}
}

// json writes an object on a line for each recipient, with the attributes of
// records.
func (l *lister) json(info queue.Info) {
	for rec := range recipients(info) {
		l.w.Write(append(rec.AppendJSON(l.w.AvailableBuffer()), '\n'))
	}
}

// recipients are the records of an entry; a damaged one has a single record.
func recipients(info queue.Info) func(func(*record.Record) bool) {
	return func(yield func(*record.Record) bool) {
		if info.Envelope == nil {
			rec := entryRecord(info)
			yield(&rec)
			return
		}
		for i, rcpt := range info.Envelope.Recipients {
			rec, s := entryRecord(info), info.Status[i]
			rec.Set("recipient", rcpt.Mailbox.String())
			rec.Set("state", s.State.String())
			rec.Set("tries", strconv.Itoa(s.Tries))
			if !s.Tried.IsZero() {
				rec.Set("tried", s.Tried.Format(time.RFC3339))
			}
			if s.Reply != "" {
				rec.Set("reply", s.Reply)
			}
			if !yield(&rec) {
				return
			}
		}
	}
}

// entryRecord is what all recipients of an entry have in common.
func entryRecord(info queue.Info) (rec record.Record) {
	rec.Set("queue_id", info.ID)
	rec.Set("place", string(info.Place))
	if info.Place == queue.Wait {
		rec.Set("due", info.Due.Format(time.RFC3339))
	}
	if info.Envelope != nil {
		rec.Set("time", info.Created.Format(time.RFC3339))
		rec.Set("size", strconv.FormatInt(info.Size, 10))
		rec.Set("sender", info.Envelope.Sender.String())
	}
	return rec
}
