package tool

import "postern/lib/record"

// longLine is how many octets a line may have to be worked on beside others. After a
// longer one nothing is read until it has been written: so memory is bounded by
// longLine for each line on its way, and by one line of record.MaxSize.
const longLine = 8 << 10

// job is one line on its way.
type job struct {
	line   []byte
	n      int // octets of the line as it came
	record record.Record
	out    []byte
	done   chan struct{} // has room for one element: then the job belongs to the writer
}

func newJob() *job { return &job{done: make(chan struct{}, 1)} }

// read reads a line.
func (j *job) read(in lines) (err error) {
	j.line, j.n, err = in.next(j.line[:0])
	return err
}

func (j *job) long() bool { return j.n > longLine }
