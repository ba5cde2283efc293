package tool

import (
	"bufio"
	"cmp"
	"context"
	"sync/atomic"
)

const (
	// ahead is how many lines are read beyond the oldest that is not done,
	// for each that is worked on: one slow check must not stop the others.
	ahead = 8
	// longLine is from where on a line waits until all others are written,
	// so that memory is bounded by ahead * longLine for each job.
	longLine = 8 << 10
)

// job is one line on its way.
type job struct {
	line []byte
	n    int // octets of the line as it came
	out  []byte
	done chan struct{} // has room for one; the job is the writer's then
}

func (j *job) long() bool { return j.n > longLine }

// conveyor carries jobs from the reader by the workers to the writer. The reader
// puts each into order and into work; the writer takes them in order.
type conveyor struct {
	order, work, free chan *job
	written           chan error  // after a long line, and at the end
	failed            atomic.Bool // nothing can be written any more
}

// abreast works on up to n lines at once.
func (s *stream) abreast(ctx context.Context, n int, in lines, out *bufio.Writer) error {
	c := &conveyor{
		order:   make(chan *job, ahead*n),
		work:    make(chan *job, ahead*n),
		free:    make(chan *job, ahead*n+2), // and one each with reader and writer
		written: make(chan error),
	}
	go c.write(out)
	err := s.feed(ctx, n, c, in)
	close(c.work)
	close(c.order)
	return cmp.Or(<-c.written, notEOF(err))
}

// feed reads until the end, or until nothing can be written.
func (s *stream) feed(ctx context.Context, n int, c *conveyor, in lines) (err error) {
	for workers := 0; !c.failed.Load(); workers++ {
		j := c.job()
		if j.line, j.n, err = in.next(j.line[:0]); err != nil {
			return err
		}
		if workers < n {
			go s.worker(ctx, c.work)
		}
		long := j.long()
		c.order <- j
		c.work <- j
		if long {
			<-c.written
		}
	}
	return nil
}

// worker ends with the work. All its jobs are waited for by the writer.
func (s *stream) worker(ctx context.Context, work <-chan *job) {
	for j := range work {
		j.out = s.work(ctx, j.out[:0], j.line, j.n)
		j.done <- struct{}{}
	}
}

// job returns a job that is free, or a new one; order has no room for more than
// free can hold.
func (c *conveyor) job() *job {
	select {
	case j := <-c.free:
		return j
	default:
		return &job{done: make(chan struct{}, 1)}
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
		c.free <- j
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
