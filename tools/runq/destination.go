package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"postern/lib/deliver"
	"postern/lib/smtp"
)

// destination is one place where smtp is sent, and the mail for it. All of it is
// guarded by the mutex of its transport.
type destination struct {
	t  *transport
	to target

	waiting []*job // entries that are open
	held    []held // entries that are not, for lack of room
	window  window
	clients int       // processes
	refused int       // of these, those that were turned away
	spare   int       // of these, those that could take another job
	hungry  bool      // in the list of those who wait for a process
	wake    sync.Cond // something has changed for the processes

	failures int        // in a row
	until    time.Time  // down until then
	reply    smtp.Reply // what was answered last
}

// work says whether something is to be sent.
func (d *destination) work() bool { return len(d.waiting) > 0 || len(d.held) > 0 }

// short says whether one more process should be started: the destination bears
// it, and more waits than those there are will take soon.
func (d *destination) short() bool {
	return d.clients < d.window.limit() && !d.hungry && len(d.waiting)+len(d.held) > d.spare*maxAhead
}

// down says whether the destination is left alone for now.
func (d *destination) down() bool { return d.until.After(d.t.now()) }

// refusal is the result for mail to a destination that is down.
func (d *destination) refusal() (res result, down bool) {
	if !d.down() {
		return result{}, false
	}
	why := fmt.Errorf("not tried: %s is down until %s", d.to, d.until.UTC().Format(time.RFC3339))
	return d.put(why), true
}

// put is the result for mail that is put off.
func (d *destination) put(why error) result {
	return result{Outcome: deliver.Outcome{Status: deliver.Deferred, Reply: d.reply, Remote: true, Err: why}}
}

// push adds jobs for the recipients of an entry.
func (d *destination) push(l *load, rcpts []int) {
	for len(rcpts) > 0 {
		n := min(len(rcpts), smtp.SafeRecipients)
		l.add(1)
		d.waiting = append(d.waiting, &job{load: l, rcpts: append([]int(nil), rcpts[:n]...)})
		d.t.open++
		rcpts = rcpts[n:]
	}
}

// back puts jobs that came to nothing in front of all others.
func (d *destination) back(jobs []*job) {
	d.waiting = append(jobs, d.waiting...)
	d.t.open += len(jobs)
}

// takeWaiting takes up to n jobs.
func (d *destination) takeWaiting(n int) []*job {
	n = min(n, len(d.waiting))
	jobs := d.waiting[:n:n]
	d.waiting = d.waiting[n:]
	d.t.open -= n
	return jobs
}

// takeHeld takes up to n of the entries that are held.
func (d *destination) takeHeld(n int) []held {
	n = min(n, len(d.held))
	list := d.held[:n:n]
	d.held = d.held[n:]
	return list
}

// works notes that the destination has taken, or has judged, a message.
func (d *destination) works() {
	d.window.grow()
	if d.short() {
		d.t.rouse(d)
	}
	if d.failures > 0 {
		d.failures, d.until = 0, time.Time{}
		d.t.downs.clear(d.to.key(), d.t.now())
	}
}

// fails notes that it has turned a process away. Where no other is left, the
// destination is down: who waits is not tried. Else it was one too many.
func (d *destination) fails(reply smtp.Reply) {
	d.refused++
	d.window.shrink()
	d.reply = reply
	if d.clients > d.refused || d.t.ending {
		return
	}
	d.failures++
	now := d.t.now()
	d.until = now.Add(downFor(d.failures, d.t.chance()))
	d.t.downs.store(d.to.key(), d.failures, d.until, reply, now)
}

// clear puts off what cannot be tried now: all of it when the destination is
// down or we end, else the jobs that too many processes have come to nothing
// with.
func (d *destination) clear() {
	for d.clearSome() {
	}
}

// clearSome does a part of clear, and says whether there was any.
func (d *destination) clearSome() bool {
	t := d.t
	t.mu.Lock()
	res, down := d.refusal()
	ending, until := t.ending, d.until
	if !down {
		res, until = d.put(errors.New("too many processes came to nothing with it")), time.Time{}
	}
	jobs, held := d.hopeless(down || ending)
	t.mu.Unlock()
	for _, j := range jobs {
		switch {
		case ending:
			j.load.leave()
		case down:
			j.load.wait(until)
		}
		if !ending {
			t.report(j.load, j.rcpts, res)
		}
		t.release(j.load)
	}
	for _, h := range held {
		t.resume(h, d)
		t.busy.Done()
	}
	return len(jobs)+len(held) > 0
}

// hopeless takes what is to be put off: some of all, or the jobs that have been
// lost too often.
func (d *destination) hopeless(all bool) (jobs []*job, held []held) {
	if all {
		return d.takeWaiting(maxWaiting), d.takeHeld(maxWaiting)
	}
	var rest []*job
	for _, j := range d.takeWaiting(len(d.waiting)) {
		if j.lost > maxLost {
			jobs = append(jobs, j)
		} else {
			rest = append(rest, j)
		}
	}
	d.back(rest)
	return jobs, nil
}
