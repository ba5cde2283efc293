package smtp

import (
	"bytes"
	"errors"
	"io"
)

// What can be wrong with a line. The line is consumed and the session in step.
var (
	ErrLineTooLong = errors.New("line too long")
	ErrBareLF      = errors.New("line not ended by CR LF")
	ErrBareCR      = errors.New("CR without LF")
	ErrNUL         = errors.New("NUL in line")
)

const (
	// MaxCommandLine bounds a command line. RFC 5321 4.5.3.1.4 has 512 octets,
	// and each extension with parameters adds some.
	MaxCommandLine = 2048

	// MaxAuthLine bounds a line of an authentication, AUTH itself included
	// (RFC 4954 section 4).
	MaxAuthLine = 12288

	smallBuffer = 4 << 10  // while commands are read: all that an idle session holds
	firstBuffer = 8 << 10  // when a text begins; most messages need no more
	largeBuffer = 64 << 10 // for a text that goes on
	idleReads   = 100      // reads without octet or error before we give up
)

// Reader reads the wire: command lines, message text and chunks on the
// server's side, replies on the client's.
type Reader struct {
	// LF accepts a bare LF as the end of a line, in Line and in Text: for
	// batch input from a file, never from the network.
	LF bool

	src      io.Reader
	buf      []byte
	pos, end int   // buf[pos:end] is read and not yet used
	err      error // came with the octets of the last read
	spoiled  bool  // the last line ended in a bare LF, which spoils the next
	abandon  bool  // do not read the rest of a line that is too long
}

// NewReader returns a Reader on r. It holds no buffer before the first read.
func NewReader(r io.Reader) *Reader { return &Reader{src: r} }

// Reset drops what is buffered and goes on with src, as after STARTTLS.
func (r *Reader) Reset(src io.Reader) {
	r.src, r.pos, r.end, r.err, r.spoiled = src, 0, 0, nil, false
}

// Buffered returns how many octets are read and not yet used.
func (r *Reader) Buffered() int { return r.end - r.pos }

// HasLine reports whether Line can answer without another read, so that a
// server knows when its replies have to be written (RFC 2920 3.1).
func (r *Reader) HasLine() bool {
	return bytes.IndexByte(r.buf[r.pos:r.end], '\n') >= 0
}

// Ahead reads once and only buffers what comes, so that a server which makes its
// client wait notices when the client hangs up. io.ErrShortBuffer says that there
// is no room for more.
func (r *Reader) Ahead() error {
	if r.buf != nil && r.Buffered() == len(r.buf) {
		return io.ErrShortBuffer
	}
	return r.fill()
}

// Line returns the next line of at most limit octets without its CRLF; it is
// valid until the next call. A line with a fault is consumed whole, in bounded
// memory, and its error is one of ErrLineTooLong, ErrNUL, ErrBareLF and
// ErrBareCR. A bare LF ends a line so that its sender gets an answer, and
// spoils the line behind it too: no command is taken that does not begin
// behind CRLF. At the end of input the error is io.EOF, or
// io.ErrUnexpectedEOF inside a line.
func (r *Reader) Line(limit int) ([]byte, error) {
	r.shrink()
	seen := 0
	for {
		if i := bytes.IndexByte(r.buf[r.pos+seen:r.end], '\n'); i >= 0 {
			raw := r.buf[r.pos : r.pos+seen+i+1]
			r.pos += len(raw)
			return r.judgeLine(raw, limit)
		}
		seen = r.Buffered()
		if seen >= limit+len("\r\n") {
			if r.abandon {
				return nil, ErrLineTooLong
			}
			return nil, r.skipLine()
		}
		if seen == len(r.buf) {
			r.resize(min(max(smallBuffer, 2*seen), max(smallBuffer, limit+len("\r\n"))))
		}
		if err := r.fill(); err != nil {
			return nil, endInside(err, seen > 0)
		}
	}
}

// judgeLine takes the line end off and names the worst fault.
func (r *Reader) judgeLine(raw []byte, limit int) ([]byte, error) {
	line, crlf := bytes.CutSuffix(raw, []byte("\r\n"))
	if !crlf {
		line = raw[:len(raw)-1]
	}
	begins := !r.spoiled
	r.spoiled = !crlf && !r.LF
	switch {
	case len(line) > limit:
		return nil, ErrLineTooLong
	case bytes.IndexByte(line, 0) >= 0:
		return nil, ErrNUL
	case r.spoiled || !begins:
		return nil, ErrBareLF
	case bytes.IndexByte(line, '\r') >= 0:
		return nil, ErrBareCR
	}
	return line, nil
}

// skipLine throws away what is left of a line that is too long.
func (r *Reader) skipLine() error {
	var last byte
	for {
		b := r.buf[r.pos:r.end]
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			if i > 0 {
				last = b[i-1]
			}
			r.pos += i + 1
			r.spoiled = last != '\r' && !r.LF
			return ErrLineTooLong
		}
		if len(b) > 0 {
			last = b[len(b)-1]
		}
		r.pos = r.end
		if err := r.fill(); err != nil {
			return endInside(err, true)
		}
	}
}

// fill moves what is left to the front of the buffer and reads more behind it.
// There must be room.
func (r *Reader) fill() error {
	if err := r.err; err != nil {
		r.err = nil
		return err
	}
	if r.pos > 0 {
		r.end = copy(r.buf, r.buf[r.pos:r.end])
		r.pos = 0
	}
	if r.buf == nil {
		r.buf = make([]byte, smallBuffer)
	}
	for range idleReads {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		if n > 0 {
			r.err = err // for the next time
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// resize gives the Reader a buffer of n octets, in which what is left must
// find room.
func (r *Reader) resize(n int) { r.use(make([]byte, n)) }

func (r *Reader) use(buf []byte) {
	r.end = copy(buf, r.buf[r.pos:r.end])
	r.pos, r.buf = 0, buf
}

// widen makes the buffer fit for text. It returns what narrow needs.
func (r *Reader) widen() (small []byte) {
	small = r.buf
	if len(small) < firstBuffer {
		r.resize(firstBuffer)
	}
	return small
}

// narrow gives the large buffer back, if what is left in it fits in the small one.
func (r *Reader) narrow(small []byte) {
	if small != nil && r.Buffered() <= len(small) {
		r.use(small)
	}
}

// shrink drops an empty large buffer before we wait for a command.
func (r *Reader) shrink() {
	if r.Buffered() == 0 && len(r.buf) > smallBuffer {
		r.pos, r.end, r.buf = 0, 0, nil
	}
}

// fillText is fill for text: when the last read filled the buffer, more is likely
// to come, and a larger buffer saves system calls.
func (r *Reader) fillText() error {
	if r.end == len(r.buf) && len(r.buf) < largeBuffer {
		r.resize(largeBuffer)
	}
	return r.fill()
}

// endInside makes an end of input in the midst of something an unexpected one.
func endInside(err error, inside bool) error {
	if inside && err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
