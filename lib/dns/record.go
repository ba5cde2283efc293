package dns

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// maxRecorded is how many questions a Recorder remembers having written; then
// it forgets all, and may write one again. It keeps no more for Close.
const maxRecorded = 1 << 16

// Recorder is a Resolver that writes down every answer it gives.
type Recorder struct {
	lookups

	mu      sync.Mutex
	w       io.Writer
	err     error
	written map[key]struct{}
	late    map[key]*Error // what those learnt who had no time left
}

// NewRecorder returns a resolver that asks r and writes every answer into w, at
// once, as a zone file that Zone reads; that there was none, and why, stands in
// comments that Zone understands. With it, whatever was decided can be decided
// again. Of several answers to one question the first counts. That somebody had
// no time left to wait for one is written by Close, if there has been none; Close
// closes w too when it is an io.Closer.
func NewRecorder(r Resolver, w io.Writer) *Recorder {
	rec := &Recorder{w: w, written: make(map[key]struct{}), late: make(map[key]*Error)}
	rec.lookups = lookups{query: rec.recorded(r)}
	if servers := serversOf(r); servers != nil {
		rec.published = lookups{query: rec.recorded(servers)}
	}
	return rec
}

// questions returns what answers r's questions.
func questions(r Resolver) func(context.Context, string, Type) (Answer, error) {
	if l, ok := r.(lookups); ok {
		return l.query
	}
	return func(ctx context.Context, name string, t Type) (Answer, error) {
		return r.Query(ctx, Unescape(name), t)
	}
}

// Close returns the first error that befell the writing.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, e := range r.late {
		r.put(k, Answer{}, e)
	}
	if c, ok := r.w.(io.Closer); ok {
		r.err = errors.Join(r.err, c.Close())
	}
	return r.err
}

// recorded answers questions as inner does, and writes the answers down.
func (r *Recorder) recorded(inner Resolver) func(context.Context, string, Type) (Answer, error) {
	ask := questions(inner)
	return func(ctx context.Context, name string, t Type) (Answer, error) {
		a, err := ask(ctx, name, t)
		r.write(key{name, t}, a, err, ctx.Err() != nil)
		return a, err
	}
}

// write writes what the answer to k is, once. What somebody learnt who had no
// time left is kept for Close.
func (r *Recorder) write(k key, a Answer, err error, late bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.written[k]; ok {
		return
	}
	if e, ok := errors.AsType[*Error](err); ok && late && e.Kind == ErrTemporary {
		if len(r.late) < maxRecorded {
			r.late[k] = e
		}
		return
	}
	if len(r.written) >= maxRecorded {
		clear(r.written)
	}
	r.written[k] = struct{}{}
	delete(r.late, k)
	r.put(k, a, err)
}

// put writes it, unless there was an error before.
func (r *Recorder) put(k key, a Answer, err error) {
	if r.err != nil {
		return
	}
	var b strings.Builder
	if e, ok := errors.AsType[*Error](err); ok {
		writeError(&b, k, e)
	} else if err == nil {
		writeAnswer(&b, k, a)
	}
	_, r.err = io.WriteString(r.w, b.String())
}

// writeAnswer writes the CNAMEs that led to the records, and these.
func writeAnswer(b *strings.Builder, k key, a Answer) {
	chain := a.Aliases
	if len(chain) == 0 && a.Name != k.name {
		chain = []Record{{Name: k.name, Type: TypeCNAME, TTL: a.TTL, Data: a.Name + "."}}
	}
	writeRecords(b, chain)
	writeRecords(b, a.Records)
	if !a.Authentic {
		return
	}
	for _, alias := range chain {
		writeMark(b, markSecure, alias.Name, k.t, "")
	}
	writeMark(b, markSecure, a.Name, k.t, "")
}

func writeRecords(b *strings.Builder, list []Record) {
	for _, r := range list {
		fmt.Fprintf(b, "%s %d IN %s %s\n", owner(r.Name), r.TTL/time.Second, r.Type, r.Data)
	}
}

// writeError writes that there was no answer to k, and why.
func writeError(b *strings.Builder, k key, e *Error) {
	word, name, t := markServfail, k.name, k.t
	switch {
	case e.Kind == ErrBogus:
		word = markBogus
	case e.Kind == ErrNotFound:
		writeRecords(b, e.Aliases)
		if n := len(e.Aliases); n > 0 {
			name = canonical(e.Aliases[n-1].Data)
		}
		if word = markNodata; e.NoName {
			word, t = markNxdomain, 0
		}
	}
	writeMark(b, word, name, t, e.Reason)
}

// writeMark writes a comment that Zone understands; t is 0 when it holds for
// all types.
func writeMark(b *strings.Builder, word, name string, t Type, reason string) {
	b.WriteString(zoneMark + " " + word + " " + owner(name))
	if t != 0 {
		b.WriteString(" " + t.String())
	}
	if reason != "" {
		b.WriteString(" " + reason)
	}
	b.WriteString("\n")
}

// owner writes an escaped name so that it stays one word, and no directive. The
// root, which a CNAME may lead to, has none but its dot.
func owner(name string) string {
	name = strings.ReplaceAll(name, `\ `, `\032`)
	if strings.HasPrefix(name, "$") {
		name = `\` + name
	}
	return name + "."
}
