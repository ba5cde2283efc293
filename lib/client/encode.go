package client

import (
	"bytes"
	"errors"
	"io"
)

// blockSize is how much of a text is read at a time, in octets.
const blockSize = 32 << 10

// ErrBareCR is a CR in a text that no LF follows. Servers differ about what it
// means, so it could end the text early at some (RFC 5321 section 2.3.8).
var ErrBareCR = errors.New("a bare CR in the message")

// encoder turns LF line ends into CRLF; a CRLF stays one.
type encoder struct {
	chunk     bool // for BDAT: dots are not stuffed, and no dot ends the text
	lineStart bool
	cr        bool // a CR was held back at the end of a piece
}

// newEncoder stands at the beginning of a text.
func newEncoder(chunk bool) encoder { return encoder{chunk: chunk, lineStart: true} }

// encode appends p, the next piece of a text, to out, with stuffed dots
// (RFC 5321 4.5.2).
func (e *encoder) encode(out, p []byte) ([]byte, error) {
	for len(p) > 0 {
		if e.cr && p[0] != '\n' {
			return out, ErrBareCR
		}
		e.cr = false
		line, rest, ended := bytes.Cut(p, []byte{'\n'})
		line, err := e.dropCR(line, ended)
		if err != nil {
			return out, err
		}
		if e.lineStart && len(line) > 0 && line[0] == '.' && !e.chunk {
			out = append(out, '.')
		}
		out = append(out, line...)
		if ended {
			out = append(out, '\r', '\n')
		}
		e.lineStart = ended
		p = rest
	}
	return out, nil
}

// dropCR takes off the CR of a CRLF; at the end of a piece it is held back
// until the next one shows whether it is one.
func (e *encoder) dropCR(line []byte, ended bool) ([]byte, error) {
	switch bytes.IndexByte(line, '\r') {
	case -1:
		return line, nil
	case len(line) - 1:
		e.cr = !ended
		return line[:len(line)-1], nil
	}
	return line, ErrBareCR
}

// endLine appends the end of the last line where it has none.
func (e *encoder) endLine(out []byte) ([]byte, error) {
	if e.cr {
		return out, ErrBareCR
	}
	if !e.lineStart {
		out = append(out, '\r', '\n')
	}
	return out, nil
}

// end appends the end of the text, and of its last line.
func (e *encoder) end(out []byte) ([]byte, error) {
	out, err := e.endLine(out)
	if err == nil && !e.chunk {
		out = append(out, '.', '\r', '\n')
	}
	return out, err
}

// WriteText writes a text as it goes over the wire behind DATA, but for the
// dot that ends it.
func WriteText(w io.Writer, text io.Reader) error {
	e := newEncoder(false)
	in := make([]byte, blockSize)
	var out []byte
	for {
		n, err := text.Read(in)
		if err != nil && err != io.EOF {
			return err
		}
		var fault error
		if out, fault = e.encode(out[:0], in[:n]); fault == nil && err == io.EOF {
			out, fault = e.endLine(out)
		}
		if fault != nil {
			return fault
		}
		if _, fault = w.Write(out); fault != nil || err == io.EOF {
			return fault
		}
	}
}
