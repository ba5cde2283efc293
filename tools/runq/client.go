package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"postern/lib/queue"
	"postern/lib/smtp"
)

// pipeEnd is an end of a pipe that a process gets.
type pipeEnd = *os.File

// errCrashed is a launcher's for a process that was killed.
var errCrashed = errors.New("killed")

// client is one process of smtp. What more than one of its goroutines uses is
// guarded by the mutex of the transport.
type client struct {
	d       *destination
	out     []*job    // given, and not wholly reported, in order
	back    []*job    // came to nothing, and may do better with another
	begun   time.Time // its start
	given   int       // jobs
	results int       // lines
	spare   bool      // could take another job
	over    bool      // takes none any more
	idle    bool      // has had nothing to do for too long
	refused bool      // was turned away
}

// run starts the process, keeps it at work, and puts in order what it leaves.
func (c *client) run() {
	err := c.work()
	c.end(err)
	c.d.t.busy.Done()
}

// work gives the process jobs and reads its results, until it ends.
func (c *client) work() error {
	jobsOut, jobsIn, err := os.Pipe()
	if err != nil {
		return err
	}
	resultsOut, resultsIn, err := os.Pipe()
	if err != nil {
		jobsOut.Close()
		jobsIn.Close()
		return err
	}
	defer resultsOut.Close()
	ended, fed := make(chan error, 1), make(chan struct{})
	go func() {
		err := c.d.t.launch(context.Background(), c.d.to, jobsOut, resultsIn)
		jobsOut.Close()
		resultsIn.Close()
		ended <- err
	}()
	go func() {
		c.feed(jobsIn)
		close(fed)
	}()
	c.read(bufio.NewReaderSize(resultsOut, maxResult))
	c.stop()
	<-fed
	return <-ended
}

// feed writes jobs as the process can take them, and ends its input when there
// are no more.
func (c *client) feed(jobs *os.File) {
	defer jobs.Close()
	t := c.d.t
	var text []byte
	for {
		list, held, more := c.next()
		for _, h := range held {
			t.resume(h, c.d)
			t.busy.Done()
		}
		text = text[:0]
		for _, j := range list {
			text = queue.AppendJob(text, j)
		}
		if _, err := jobs.Write(text); err != nil || !more {
			return // what it has not reported will be seen at its end
		}
	}
}

// next waits for work: jobs for the process, or entries that are to be taken
// in hand first.
func (c *client) next() (list []queue.Job, held []held, more bool) {
	t, d := c.d.t, c.d
	t.mu.Lock()
	defer t.mu.Unlock()
	idling := false
	for {
		room := c.ahead() - len(c.out)
		switch {
		case c.over || c.refused || t.ending || c.turnOver() && len(t.hungry) > 0:
			c.setSpare(false)
			return nil, nil, false
		case room < c.ahead()/2: // so that several share a write
		case len(d.waiting) > 0:
			return c.take(room), nil, true
		case len(d.held) > 0:
			return nil, d.takeHeld(room), true
		case len(c.out) > 0:
		case c.idle || t.draining || len(t.hungry) > 0:
			c.setSpare(false)
			return nil, nil, false
		case !idling:
			idling = true
			t.idle = append(t.idle, c)
			defer c.ticking()()
		}
		d.wake.Wait()
	}
}

// turnOver says whether others should have the process's place, if they want it.
func (c *client) turnOver() bool {
	return c.given >= maxTurn || c.d.t.now().Sub(c.begun) >= maxTurnTime
}

// take takes jobs from those that wait.
func (c *client) take(n int) (list []queue.Job) {
	jobs := c.d.takeWaiting(n)
	for _, j := range jobs {
		list = append(list, j.load.e.Job(j.rcpts))
	}
	c.out = append(c.out, jobs...)
	c.given += len(jobs)
	c.setSpare(len(c.out) < c.ahead())
	return list
}

// ahead is how many jobs the process may have that it has not reported.
func (c *client) ahead() int {
	if c.results == 0 {
		return firstAhead
	}
	return maxAhead
}

// ticking makes the process idle when the time to linger is over. What it
// answers calls that off.
func (c *client) ticking() (stop func()) {
	t := c.d.t
	timer := time.AfterFunc(t.linger, func() {
		t.mu.Lock()
		c.idle = true
		c.d.wake.Broadcast()
		t.mu.Unlock()
	})
	return func() {
		timer.Stop()
		c.idle = false
		t.idle = slices.DeleteFunc(t.idle, func(other *client) bool { return other == c })
	}
}

// setSpare notes whether the process could take another job.
func (c *client) setSpare(spare bool) {
	if c.spare == spare {
		return
	}
	c.spare = spare
	if spare {
		c.d.spare++
	} else {
		c.d.spare--
	}
}

// stop ends the feeding.
func (c *client) stop() {
	t := c.d.t
	t.mu.Lock()
	c.over = true
	c.setSpare(false)
	c.d.wake.Broadcast()
	t.mu.Unlock()
}

// end puts in order what the process leaves behind.
func (c *client) end(err error) {
	t, d := c.d.t, c.d
	t.mu.Lock()
	c.setSpare(false)
	if err != nil {
		c.failed(err)
	}
	t.processes--
	d.clients--
	if c.refused {
		d.refused--
	}
	d.back(append(c.back, c.unreported()...))
	t.mu.Unlock()
	d.clear()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next()
	t.rouse(d)
	t.drop(d)
}

// unreported are the jobs that the process took with it.
func (c *client) unreported() []*job {
	for _, j := range c.out {
		j.lost++
	}
	return c.out
}

// failed is for a process that came to no good end. One that was killed is
// replaced. One that could not be started, or complains, will not do better a
// second time: that is our own fault, and nothing to be remembered of the
// destination for longer than this process lives.
func (c *client) failed(err error) {
	c.d.t.log(fmt.Sprintf("smtp %s: %v", c.d.to, err))
	c.d.reply = smtp.Say(451, smtp.OtherSystem, err.Error())
	if !errors.Is(err, errCrashed) && len(c.out)+len(c.d.waiting) > 0 {
		c.d.until = c.d.t.now().Add(firstWait)
	}
}
