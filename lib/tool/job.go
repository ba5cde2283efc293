package tool

import "postern/lib/record"

// longLine is from where on a line waits until all others are written, so that
// memory is bounded by longLine for each line on its way.
const longLine = 8 << 10

// job is one line on its way.
type job struct {
	line   []byte
	n      int // octets of the line as it came
	record record.Record
	out    []byte
	done   chan struct{} // has room for one; the job is the writer's then
}

func newJob() *job { return &job{done: make(chan struct{}, 1)} }

// read reads a line.
func (j *job) read(in lines) (err error) {
	j.line, j.n, err = in.next(j.line[:0])
	return err
}

func (j *job) long() bool { return j.n > longLine }
