package header

import (
	"bytes"
	"io"
)

// lineBlock is how much of a message is read at a time, in octets.
const lineBlock = 32 << 10

// unixLines reads text with LF or CRLF line ends as text with LF, whose last
// line is ended. CRs in front of a CRLF go with it: text that was converted
// twice has them. Any other CR stands.
type unixLines struct {
	r    io.Reader
	buf  []byte
	raw  []byte // of buf, what is not converted yet
	crs  int    // CRs that are held back until it shows what they are
	last byte   // what was given last
	err  error  // of r
}

func newUnixLines(r io.Reader) *unixLines {
	return &unixLines{r: r, buf: make([]byte, lineBlock), last: '\n'}
}

// Read gives the next octets of the converted text.
func (u *unixLines) Read(p []byte) (int, error) {
	for {
		if len(p) == 0 {
			return 0, nil
		}
		if n := u.convert(p); n > 0 {
			u.last = p[n-1]
			return n, nil
		}
		if u.err == io.EOF && (u.last != '\n' || u.crs > 0) {
			u.crs, u.raw = 0, append(u.buf[:0], '\n')
			continue
		}
		if u.err != nil {
			return 0, u.err
		}
		var n int
		n, u.err = u.r.Read(u.buf)
		u.raw = u.buf[:n]
	}
}

// convert fills p from what was read.
func (u *unixLines) convert(p []byte) (n int) {
	for len(u.raw) > 0 && n < len(p) {
		if u.raw[0] == '\r' {
			u.crs++
			u.raw = u.raw[1:]
			continue
		}
		if u.raw[0] == '\n' {
			u.crs = 0
		}
		for ; u.crs > 0 && n < len(p); u.crs-- {
			p[n] = '\r'
			n++
		}
		plain := u.raw
		if i := bytes.IndexByte(plain, '\r'); i >= 0 {
			plain = plain[:i]
		}
		done := copy(p[n:], plain)
		n += done
		u.raw = u.raw[done:]
	}
	return n
}
