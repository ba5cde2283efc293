package tool

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

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
// written while anything else is waited for, but lines that came together and
// are checked together, by a BatchChecker, are written together. A line that
// cannot be checked goes out with the attribute error, which begins with the
// program's name. The error is one of reading or writing.
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
	prefix  string // of our own errors
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
		if err := j.read(in, 1); err != nil {
			return cmp.Or(out.Flush(), notEOF(err))
		}
		s.work(ctx, j)
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

// work makes the checks for the lines of a job, and writes what goes out.
func (s *stream) work(ctx context.Context, j *job) {
	for i := range j.lines {
		l := &j.lines[i]
		if l.record, l.err = s.parse(l.text, l.size); l.err == nil {
			j.checks = append(j.checks, &l.record)
		}
	}
	j.outcomes = append(j.outcomes, make([]Outcome, len(j.checks))...)
	s.program.checkAll(ctx, s.checker, j.checks, j.outcomes)
	made := j.outcomes
	for i := range j.lines {
		l := &j.lines[i]
		o := Outcome{Err: l.err}
		if l.err == nil {
			o, made = made[0], made[1:]
		}
		j.found.Reset()
		if o.Err == nil {
			o.Result.Record(&j.found)
		}
		s.update(&l.record, &j.found, o.Err)
		j.out = s.append(j.out, &l.record)
	}
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

// plain leaves the kind away where the words behind it say all.
func plain(err error) string {
	if errors.Is(err, ErrInput) {
		return strings.TrimPrefix(err.Error(), ErrInput.Error()+": ")
	}
	return err.Error()
}
