package tool

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"postern/lib/record"
)

const (
	outputBuffer = 64 << 10
	// maxInput is how much of a line that is no record goes out again.
	maxInput = 200
)

// Filter reads lines, each a record or bare words, makes the check for each, and
// writes each as a record with the program's attributes, in the order of the
// input. Up to f.Jobs checks are made at once. Nothing that is done waits to be
// written while anything else is waited for. A line that cannot be checked goes
// out with the attribute error, which begins with the program's name. The error
// is one of reading or writing.
func (p *Program) Filter(ctx context.Context, c Checker, f Flags, in io.Reader, out io.Writer) error {
	s := &stream{program: p, checker: c, json: f.JSON, prefix: p.Name + ": "}
	w := bufio.NewWriterSize(out, outputBuffer)
	// Checks that wait for nobody can do without the conveyor.
	if n := max(1, cmp.Or(f.Jobs, p.Jobs)); n > 1 || p.Jobs > 1 {
		return s.abreast(ctx, n, newLines(in), w)
	}
	return s.oneByOne(ctx, newLines(in), w)
}

// stream is the work on lines.
type stream struct {
	program *Program
	checker Checker
	json    bool
	prefix  string        // of our own errors
	room    chan struct{} // holds an element for each line that is worked on; nil when there is a worker for each
	found   sync.Pool     // of *record.Record: what checks have found, to be used again
}

// oneByOne works on one line at a time.
func (s *stream) oneByOne(ctx context.Context, in lines, out *bufio.Writer) error {
	j := newJob()
	for {
		if in.idle() {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		if err := j.read(in); err != nil {
			return cmp.Or(out.Flush(), notEOF(err))
		}
		s.alone(ctx, j)
		<-j.done
		if _, err := out.Write(j.out); err != nil {
			return err
		}
	}
}

func notEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// work makes the checks for lines that came together.
func (s *stream) work(ctx context.Context, group []*job) {
	if len(group) == 1 {
		s.alone(ctx, group[0])
		return
	}
	records := make([]*record.Record, 0, len(group))
	jobs := make([]*job, 0, len(group)) // those of the records
	for _, j := range group {
		var err error
		if j.record, err = s.parse(j.line, j.n); err != nil {
			s.finish(j, Outcome{Err: err})
			continue
		}
		records, jobs = append(records, &j.record), append(jobs, j)
	}
	s.program.checkEach(ctx, s.checker, records, func(i int, o Outcome) { s.finish(jobs[i], o) })
}

// alone makes the check for one line.
func (s *stream) alone(ctx context.Context, j *job) {
	var o Outcome
	if j.record, o.Err = s.parse(j.line, j.n); o.Err == nil {
		o.Result, o.Err = s.program.check(ctx, s.checker, &j.record)
	}
	s.finish(j, o)
}

// finish makes the line that goes out. Afterwards the job belongs to the writer.
func (s *stream) finish(j *job, o Outcome) {
	found, ok := s.found.Get().(*record.Record)
	if !ok {
		found = new(record.Record)
	}
	if o.Err == nil {
		o.Result.Record(found)
	}
	s.update(&j.record, found, o.Err)
	found.Reset()
	s.found.Put(found)
	j.out = s.append(j.out[:0], &j.record)
	j.record = record.Record{}
	s.leave()
	j.done <- struct{}{}
}

// append appends the line that goes out.
func (s *stream) append(out []byte, r *record.Record) []byte {
	if s.json {
		out = r.AppendJSON(out)
	} else {
		out = r.AppendLine(out)
	}
	return append(out, '\n')
}

// parse reads a line. With an error the record holds what the line begins with.
func (s *stream) parse(line []byte, n int) (r record.Record, err error) {
	switch {
	case n > record.MaxSize:
		err = fmt.Errorf("%w: %d octets", record.ErrTooLong, n)
	case record.IsLine(line):
		r, err = record.ParseLine(line)
	default:
		r, err = s.program.words(strings.Fields(string(line)))
	}
	if err != nil {
		r = record.Record{}
		r.Set("input", string(line[:min(len(line), maxInput)]))
	}
	return r, err
}

// update puts what was found, or why nothing was, into the record in place of an
// older one. The error of another program stays: ours may follow from it.
func (s *stream) update(r, found *record.Record, err error) {
	for _, name := range s.program.Sets {
		if _, ok := found.Lookup(name); !ok {
			r.Delete(name)
		}
	}
	r.Merge(found)
	old, ok := r.Lookup("error")
	if ours := strings.HasPrefix(old, s.prefix); ok && !ours {
		return
	}
	if err == nil {
		r.Delete("error")
		return
	}
	r.Set("error", s.prefix+plain(err))
}

// plain is an error's text without the words of ErrInput, which add nothing to those
// behind them.
func plain(err error) string {
	if errors.Is(err, ErrInput) {
		return strings.TrimPrefix(err.Error(), ErrInput.Error()+": ")
	}
	return err.Error()
}
