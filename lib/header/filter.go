package header

import (
	"bytes"
	"io"
)

// MaxField is how much of one field a Filter holds, in octets. Of a longer field
// only the beginning is edited (see Field.Cut); the rest of it is passed on, or
// dropped, as the beginning was.
const MaxField = 64 << 10

// Edit returns what is to stand in the message instead of a field: the field's
// own text, some other text, or nothing to drop it. An error ends the message.
type Edit func(Field) ([]byte, error)

// Filter is a writer for a message with LF line ends: it has each field of the
// head edited and passes the message on. It holds one field at a time. A line
// of the head that is no field is passed on as it is and does not end the head:
// only an empty line does.
type Filter struct {
	// Tail, when not nil, is called once at the end of the head. What it
	// returns is put behind the last field.
	Tail func() []byte

	w     io.Writer
	edit  Edit
	field []byte // what has come of the current field
	out   []byte // what can be written
	inner bool   // within a line
	long  bool   // the current field is above MaxField and decided on
	drop  bool   // and it is dropped
	body  bool   // the head is over
}

// NewFilter returns a Filter that writes to w.
func NewFilter(w io.Writer, edit Edit) *Filter { return &Filter{w: w, edit: edit} }

// Write passes the next octets of the message on. What comes back is the error
// of the edit or of the writer, after which nothing more should be written.
func (f *Filter) Write(p []byte) (int, error) {
	if f.body {
		return f.w.Write(p)
	}
	rest, err := f.head(p)
	if err == nil {
		err = f.flush()
	}
	if err == nil && len(rest) > 0 {
		_, err = f.w.Write(rest)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close ends a message that may be nothing but a head. It does not close the
// writer.
func (f *Filter) Close() error {
	if err := f.decide(); err != nil {
		return err
	}
	if !f.body {
		f.end()
	}
	return f.flush()
}

// end ends the head.
func (f *Filter) end() {
	f.body = true
	if f.Tail != nil {
		f.out = append(f.out, f.Tail()...)
	}
}

// head takes the lines of the head from p and returns what is behind it.
func (f *Filter) head(p []byte) (rest []byte, err error) {
	for len(p) > 0 {
		if !f.inner && !isBlank(p[0]) {
			if err := f.decide(); err != nil {
				return nil, err
			}
			if p[0] == '\n' {
				f.end()
				return p, nil
			}
		}
		i := bytes.IndexByte(p, '\n')
		f.inner = i < 0
		n := i + 1
		if f.inner {
			n = len(p)
		}
		if err := f.take(p[:n]); err != nil {
			return nil, err
		}
		p = p[n:]
	}
	return nil, nil
}

// take adds octets to the current field.
func (f *Filter) take(p []byte) error {
	if f.long {
		if !f.drop {
			f.out = append(f.out, p...)
		}
		return nil
	}
	f.field = append(f.field, p...)
	if len(f.field) <= MaxField {
		return nil
	}
	before := len(f.out)
	err := f.decide()
	f.long, f.drop = true, len(f.out) == before
	return err
}

// decide has the current field edited, if there is one.
func (f *Filter) decide() error {
	f.long = false
	if len(f.field) == 0 {
		return nil
	}
	field := newField(f.field)
	text := field.Text
	if field.Name != "" {
		var err error
		if text, err = f.edit(field); err != nil {
			return err
		}
	}
	f.out = append(f.out, text...)
	f.field = f.field[:0]
	return nil
}

// flush writes what is decided, and gives the memory back behind the head.
func (f *Filter) flush() (err error) {
	if len(f.out) > 0 {
		_, err = f.w.Write(f.out)
	}
	f.out = f.out[:0]
	if f.body {
		f.out, f.field = nil, nil
	}
	return err
}
