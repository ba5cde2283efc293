package smtp

import (
	"bytes"
	"io"
)

// ChunkState is what has to be known from one BDAT to the next of the same
// message. The zero value is the beginning of a message.
type ChunkState struct {
	tally
	cr bool // the last chunk ended in a CR, which is not yet written
}

// Chunk reads the n octets of a BDAT (RFC 3030), neither more nor less, and
// writes them with LF line ends, a CRLF that lies across two chunks included.
// The error is one of reading alone; faults of the text are in the state.
func (r *Reader) Chunk(w io.Writer, n int64, st *ChunkState, o TextOptions) error {
	if n > smallBuffer {
		small := r.widen()
		defer func() { r.narrow(small) }()
	}
	return r.octets(n, func(b []byte) { st.take(b, w, o) })
}

// Discard reads n octets and throws them away: the chunk of a refused BDAT.
func (r *Reader) Discard(n int64) error {
	return r.octets(n, func([]byte) {})
}

// octets hands the next n octets to take, in pieces as they come.
func (r *Reader) octets(n int64, take func([]byte)) error {
	r.spoiled = false
	for n > 0 {
		if r.Buffered() == 0 {
			if err := r.fillText(); err != nil {
				return endInside(err, true)
			}
		}
		b := r.buf[r.pos:r.end]
		b = b[:min(n, int64(len(b)))]
		r.pos += len(b)
		n -= int64(len(b))
		take(b)
	}
	return nil
}

// take takes the next octets of a chunk. It works on b in place, as text.take
// does.
func (st *ChunkState) take(b []byte, w io.Writer, o TextOptions) {
	split := st.cr // the CR of the first line end came with the last piece
	if split && b[0] != '\n' {
		st.flushCR(w, o)
		split = false
	}
	st.cr = false
	out, used := 0, 0
	for {
		i := bytes.IndexByte(b[used:], '\n')
		if i < 0 {
			break
		}
		line, crlf := bytes.CutSuffix(b[used:used+i], []byte{'\r'})
		out += st.endLine(b[out:], line, crlf || split, o)
		used += i + 1
		split = false
	}
	tail := b[used:]
	if tail, st.cr = bytes.CutSuffix(tail, []byte{'\r'}); len(tail) > 0 {
		out += st.part(b[out:], tail)
	}
	st.write(w, b[:out], o)
}

// flushCR writes the CR of the last chunk: no LF followed it.
func (st *ChunkState) flushCR(w io.Writer, o TextOptions) {
	var b [1]byte
	st.part(b[:], []byte{'\r'})
	st.write(w, b[:], o)
	st.cr = false
}

// Finish ends the message behind the last chunk: a CR at the very end is a
// bare one, and a last line without an end gets its LF.
func (st *ChunkState) Finish(w io.Writer, o TextOptions) {
	if st.cr {
		st.flushCR(w, o)
	}
	if st.length > 0 {
		var b [1]byte
		st.endLine(b[:], nil, true, o)
		st.write(w, b[:], o)
	}
}
