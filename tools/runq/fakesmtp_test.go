package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"postern/lib/queue"
	"postern/lib/record"
)

// fakeSMTP stands in for smtp -B: it reads jobs and answers by the local part
// of each recipient, what stands behind "far-" meaning the same as in fake;
// "far" alone finds no server.
type fakeSMTP struct {
	// serve, if set, is asked before each job: false ends the process as if
	// it were killed.
	serve func(to target, process, job int) bool
	// down, if set, says that a process gets no server.
	down func(to target, process int) bool
	// pause is the time that a job takes.
	pause time.Duration
	// noise is said before each result: lines.
	noise string

	mu        sync.Mutex
	processes map[string]int // started, by address
	running   map[string]int
	most      map[string]int // of them at once; under "" in all
	jobs      map[string]int
	served    []string // id and recipient, of those accepted
}

// begin counts a process.
func (f *fakeSMTP) begin(to target) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.processes == nil {
		f.processes, f.running, f.most, f.jobs = map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	}
	f.processes[to.address]++
	for _, key := range []string{to.address, ""} {
		f.running[key]++
		f.most[key] = max(f.most[key], f.running[key])
	}
	return f.processes[to.address]
}

func (f *fakeSMTP) end(to target) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[to.address]--
	f.running[""]--
}

// launch is a launcher.
func (f *fakeSMTP) launch(_ context.Context, to target, stdin, stdout pipeEnd) error {
	process := f.begin(to)
	defer f.end(to)
	r := bufio.NewReader(stdin)
	for n := 1; ; n++ {
		j, err := queue.ReadJob(r)
		if err != nil {
			return nil // the end
		}
		f.mu.Lock()
		f.jobs[to.address]++
		f.mu.Unlock()
		if f.serve != nil && !f.serve(to, process, n) {
			return fmt.Errorf("%w for the test", errCrashed)
		}
		time.Sleep(f.pause)
		for _, rcpt := range j.Envelope.Recipients {
			rec := f.answer(to, process, rcpt.Mailbox.Local)
			rec.Set("id", j.Envelope.ID)
			rec.Set("recipient", rcpt.Mailbox.String())
			fmt.Fprintln(stdout, f.noise+rec.String())
			if rec.Value("verdict") == "accept" {
				f.mu.Lock()
				f.served = append(f.served, j.Envelope.ID+" "+rcpt.Mailbox.String())
				f.mu.Unlock()
			}
		}
	}
}

// answer is what becomes of one recipient.
func (f *fakeSMTP) answer(to target, process int, local string) (rec record.Record) {
	set := func(verdict, reply string) {
		rec.Set("verdict", verdict)
		rec.Set("reply", reply)
		rec.Set("host", "mx.example[192.0.2.1]:25")
	}
	what := strings.TrimPrefix(local, "far-")
	switch {
	case f.down != nil && f.down(to, process), local == "far":
		set("defer", "451 4.4.1 no answer from any host")
		rec.Delete("host")
	case strings.HasPrefix(what, "ok"):
		set("accept", "250 2.0.0 queued")
	case strings.HasPrefix(what, "no"):
		set("reject", "550 5.1.1 no such user")
	case strings.HasPrefix(what, "bye"):
		set("defer", "421 4.7.0 not this message")
	default:
		set("defer", "450 4.2.0 busy")
	}
	return rec
}
