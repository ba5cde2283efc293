package main

import (
	"io"
	"strconv"
	"sync"
	"time"

	"postern/lib/maillog"
	"postern/lib/record"
)

// logPause: of what clients can cause, one line in such a time goes to the
// log, and how many were left out.
const logPause = time.Second

// A topic is a kind of line that clients can cause.
type topic int

const (
	aboutRefusals topic = iota
	aboutHeadings
	aboutAccept
	aboutPrograms
	aboutWorkers
	aboutFilter
	topics
)

// A journal is the log, which a flood does not fill. Several goroutines may
// use it.
type journal struct {
	log   *maillog.Logger
	debug bool
	now   func() time.Time

	mu   sync.Mutex
	next [topics]time.Time
	left [topics]int // out
}

// openJournal logs to where the host wants it; with syslog set, there.
func openJournal(c *config, stderr io.Writer, syslog bool) *journal {
	o := maillog.Options{Tag: "listen"}
	switch {
	case syslog:
		o.Sink = "syslog"
	case !isStderr(stderr):
		o.Stderr = stderr
	}
	return &journal{log: maillog.Open(o), debug: c.flags.debug, now: time.Now}
}

// event logs what happened, a word, and attributes, names and values in turn.
func (j *journal) event(p maillog.Priority, what string, attributes ...string) {
	j.write(p, line(what, attributes))
}

// trouble logs an error.
func (j *journal) trouble(what string, err error) {
	j.event(maillog.Err, what, "error", err.Error())
}

// seldom logs as event does unless there was a line on that topic just now.
func (j *journal) seldom(t topic, p maillog.Priority, what string, attributes ...string) {
	if left, ok := j.due(t); ok {
		r := line(what, attributes)
		if left > 0 {
			r.Set("left_out", strconv.Itoa(left))
		}
		j.write(p, r)
	}
}

// due says whether a line on the topic may be written now, and how many were
// left out before it.
func (j *journal) due(t topic) (left int, ok bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.now()
	if !j.debug && now.Before(j.next[t]) {
		j.left[t]++
		return 0, false
	}
	left, j.left[t], j.next[t] = j.left[t], 0, now.Add(logPause)
	return left, true
}

// refused logs a connection that is not served.
func (j *journal) refused(c conn, reply string) {
	j.seldom(aboutRefusals, maillog.Warning, "refused", "client_address", c.from(), "reply", reply)
}

func (j *journal) write(p maillog.Priority, r record.Record) { j.log.Log(p, r.String()) }

// line makes a record.
func line(what string, attributes []string) record.Record {
	return record.Of(append([]string{"event", what}, attributes...)...)
}
