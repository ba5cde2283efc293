package tool

import "postern/lib/record"

const (
	// together is how many lines are handed to a BatchChecker at most.
	together = 16
	// longLine is from where on a line waits until all others are written,
	// so that memory is bounded by longLine for each line on its way.
	longLine = 8 << 10
)

// job is lines that came together, on their way.
type job struct {
	lines    []line
	checks   []*record.Record // those of the lines that can be checked
	outcomes []Outcome        // of the checks
	found    record.Record    // what one of them found
	out      []byte
	done     chan struct{} // has room for one; the job is the writer's then
}

// line is one line of input.
type line struct {
	text   []byte
	size   int // octets of the line as it came
	record record.Record
	err    error // why it cannot be checked
}

func newJob() *job { return &job{done: make(chan struct{}, 1)} }

// read reads a line, and others up to n that are there already. A long one is
// the last.
func (j *job) read(in lines, n int) error {
	j.lines, j.checks, j.outcomes, j.out = j.lines[:0], j.checks[:0], j.outcomes[:0], j.out[:0]
	if err := j.add(in); err != nil {
		return err
	}
	for len(j.lines) < n && !j.long() && in.ready() {
		if err := j.add(in); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) add(in lines) (err error) {
	n := len(j.lines)
	if n == cap(j.lines) {
		j.lines = append(j.lines, line{})
	}
	l := &j.lines[:n+1][n]
	if l.text, l.size, err = in.next(l.text[:0]); err == nil {
		j.lines = j.lines[:n+1]
	}
	return err
}

// long tells that the last line is a long one.
func (j *job) long() bool { return j.lines[len(j.lines)-1].size > longLine }
