package queue

import (
	"fmt"
	"path/filepath"
	"time"

	"postern/lib/safefile"
	"postern/lib/smtp"
)

// Draft is an entry that is being written. It is no part of the queue, and
// nothing of it survives its process, until Commit.
type Draft struct {
	q    *Queue
	id   string
	file *safefile.Draft
	err  error // the envelope cannot be kept; told by Write and Commit
}

// Create begins an entry for env, which gets a name when its ID cannot be one
// (ValidID). An envelope that the queue cannot hold, for one without
// recipients, is refused by Write and Commit.
func (q *Queue) Create(env *smtp.Envelope) *Draft {
	now := time.Now()
	if !ValidID(env.ID) {
		env.ID = NewID(now)
	}
	d := &Draft{q: q, id: env.ID, file: safefile.NewDraft(filepath.Join(q.dir, placeNew), safefile.UsualMemory)}
	d.file.Syncer, d.file.Heir = &q.sync, q.heir
	head := appendHead(nil, env, now)
	if err := checkHead(head, env); err != nil {
		d.err = fmt.Errorf("queue: %w", err)
		return d
	}
	_, d.err = d.file.Write(head)
	return d
}

// ID is the name that the entry will have.
func (d *Draft) ID() string { return d.id }

// Write takes the next octets of the message: LF line ends, its newest
// Received field first.
func (d *Draft) Write(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	return d.file.Write(p)
}

// Commit makes the entry part of the queue. After nil it survives the loss of
// power; after an error there is no entry. A runq that waits is told.
func (d *Draft) Commit() error {
	if d.err != nil {
		d.Discard()
		return d.err
	}
	name, done, err := d.q.nameOf(newRef(d.id))
	if err != nil {
		d.Discard()
		return fmt.Errorf("queue: %w", err)
	}
	defer done()
	if err := d.file.Commit(0o600, name); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	d.q.Wake(d.id)
	return nil
}

// Discard drops the draft. After Commit it does nothing.
func (d *Draft) Discard() { d.file.Discard() }
