package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"postern/lib/safefile"
)

// Remove takes the entry, nothing of which is left to be done, out of the queue,
// and closes it. Neither the marks nor the removal need be synced: who comes
// back after the loss of power is served again.
func (e *Entry) Remove() error {
	if slices.ContainsFunc(e.head.status, func(s Status) bool { return !s.State.over() }) {
		e.Close()
		return fmt.Errorf("queue: %s: not all recipients are done with", e.ID)
	}
	return e.Drop()
}

// Drop takes the entry out of the queue, whatever has become of its
// recipients, and closes it.
//
// It is renamed to done/, which is all that the queue asks for, and unlinked in
// the background: a file system may take long to give the space of a file back,
// for one file at a time, and no delivery should wait for that.
func (e *Entry) Drop() error {
	id := e.ID
	e.unsynced.Store(false)
	if err := e.move(doneRef(id)); err != nil {
		return err
	}
	e.q.gone.add(e.q, id)
	return nil
}

// DropDamaged removes what was set aside at ref.
func (q *Queue) DropDamaged(ref Ref) error {
	if err := q.root.Remove(damagedRef(ref.ID).path()); err != nil {
		return fmt.Errorf("queue: %w", notFound(err))
	}
	return nil
}

// gone are the entries that wait in done/ for their unlink.
type gone struct {
	mu   sync.Mutex
	ids  []string
	busy chan struct{} // closed when there is nothing left; nil when there is nothing
}

// add hands an entry to the goroutine that unlinks, which is started if need
// be.
func (g *gone) add(q *Queue, id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ids = append(g.ids, id)
	if g.busy == nil {
		g.busy = make(chan struct{})
		go g.work(q)
	}
}

// work unlinks until there is nothing left.
func (g *gone) work(q *Queue) {
	for {
		g.mu.Lock()
		ids := g.ids
		g.ids = nil
		if len(ids) == 0 {
			close(g.busy)
			g.busy = nil
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		for _, id := range ids {
			q.root.Remove(doneRef(id).path()) // else Clean will
		}
	}
}

// Flush waits until what was removed is unlinked, or until ctx is done; the rest
// is left to Clean.
func (q *Queue) Flush(ctx context.Context) {
	q.gone.mu.Lock()
	busy := q.gone.busy
	q.gone.mu.Unlock()
	if busy == nil {
		return
	}
	select {
	case <-busy:
	case <-ctx.Done():
	}
}

// unfinishedAge is how long a file that is being written must not have been
// touched to be taken for one that a killed process has left.
const unfinishedAge = 24 * time.Hour

// Clean unlinks what processes that were killed have left: in done/, and on file
// systems without unnamed files the drafts in new/.
func (q *Queue) Clean(ctx context.Context, now time.Time) error {
	err := safefile.Sweep(filepath.Join(q.dir, placeNew), unfinishedAge, now)
	if err != nil {
		err = fmt.Errorf("queue: %w", err)
	}
	return errors.Join(err, q.cleanDone(ctx))
}

// cleanDone unlinks all that is in done/.
func (q *Queue) cleanDone(ctx context.Context) error {
	f, err := q.root.Open(placeDone)
	if err != nil {
		return cleanError(err)
	}
	defer f.Close()
	for ctx.Err() == nil {
		names, err := f.Readdirnames(batch)
		for _, name := range names {
			if err := q.root.Remove(placeDone + "/" + name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return cleanError(err)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return cleanError(err)
		}
	}
	return ctx.Err()
}

// cleanError is an error of Clean; where nothing was ever done, there is none.
func cleanError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("queue: %w", err)
}
