package tool

import (
	"bufio"
	"cmp"
	"context"
	"sync/atomic"
)

// ahead is how many lines may be read past the oldest one that is not done, besides
// those that are worked on: one slow check must not stop the others.
const ahead = 1024

// maxGroup is how many lines are handed to a BatchChecker in one call at most.
const maxGroup = 16

// conveyor carries jobs from the reader by the workers to the writer. The reader
// puts each into order and, with those that came together, into work; the writer
// takes them in order.
type conveyor struct {
	order, free chan *job
	work        chan []*job
	written     chan error   // the writer's word: after each long line, and at the end
	failed      atomic.Bool  // nothing can be written any more
	idle        atomic.Int64 // workers that wait for work, less what waits for them
}

// abreast works on up to n lines at once, in groups when the checker is a
// BatchChecker.
func (s *stream) abreast(ctx context.Context, n int, in lines, out *bufio.Writer) error {
	each := 1
	if _, ok := s.checker.(BatchChecker); ok {
		each = min(n, maxGroup)
		s.room = make(chan struct{}, n)
	}
	c := &conveyor{
		order:   make(chan *job, n+ahead),
		free:    make(chan *job, n+ahead),
		work:    make(chan []*job, n+ahead),
		written: make(chan error),
	}
	go c.write(out)
	err := s.feed(ctx, c, in, n, each)
	close(c.work)
	close(c.order)
	return cmp.Or(<-c.written, notEOF(err))
}

// feed reads until the end, or until nothing can be written.
func (s *stream) feed(ctx context.Context, c *conveyor, in lines, workers, each int) error {
	for started := 0; !c.failed.Load(); {
		group, err := c.read(in, each)
		if err != nil {
			return err
		}
		s.enter(len(group))
		if c.idle.Add(-1) < 0 && started < workers {
			started++
			go s.worker(ctx, c)
		}
		long := group[len(group)-1].long()
		for _, j := range group {
			c.order <- j
		}
		c.work <- group
		if long {
			<-c.written
		}
	}
	return nil
}

// enter waits until n more lines may be worked on. Lines that come one by one are
// groups of one each, so that workers alone would not tell how many there are.
func (s *stream) enter(n int) {
	if s.room != nil {
		for range n {
			s.room <- struct{}{}
		}
	}
}

// leave ends the work on a line.
func (s *stream) leave() {
	if s.room != nil {
		<-s.room
	}
}

// read reads a line, and others up to n that are there already. A long one is
// the last.
func (c *conveyor) read(in lines, n int) ([]*job, error) {
	group := make([]*job, 0, n)
	for len(group) == 0 || len(group) < n && in.ready() {
		j := c.job()
		if err := j.read(in); err != nil {
			return nil, err
		}
		if group = append(group, j); j.long() {
			break
		}
	}
	return group, nil
}

// worker works on groups until there are no more. Nobody has to wait for its end:
// the writer waits for each of its jobs.
func (s *stream) worker(ctx context.Context, c *conveyor) {
	c.idle.Add(1)
	for group := range c.work {
		s.work(ctx, group)
		c.idle.Add(1)
	}
}

// job returns a job that the writer has done with, or a new one.
func (c *conveyor) job() *job {
	select {
	case j := <-c.free:
		return j
	default:
		return newJob()
	}
}

// write writes what is done, in order, until order is closed.
func (c *conveyor) write(out *bufio.Writer) {
	var failure error
	for {
		j, ok := c.next(out)
		if !ok {
			break
		}
		if failure == nil {
			_, failure = out.Write(j.out)
			c.failed.Store(failure != nil)
		}
		if j.long() {
			c.written <- out.Flush()
			continue // its buffers are too large to keep
		}
		select {
		case c.free <- j:
		default: // the reader has made more than wait in order at most
		}
	}
	c.written <- cmp.Or(failure, out.Flush())
}

// next waits for the next job in order to be done. Before it waits it writes
// what there is.
func (c *conveyor) next(out *bufio.Writer) (j *job, ok bool) {
	select {
	case j, ok = <-c.order:
	default:
		out.Flush() // an error comes again with the next Write
		j, ok = <-c.order
	}
	if !ok {
		return nil, false
	}
	select {
	case <-j.done:
	default:
		out.Flush()
		<-j.done
	}
	return j, true
}
