package smtp

import (
	"bytes"
	"encoding/binary"
	"io"
)

// tally counts and judges the text that Text and Chunk pass on.
type tally struct {
	TextResult
	length int // octets so far of the line that has not ended
}

// endLine copies the rest of a line to dst, ends it with LF, and returns how much
// that is. whole says that the line ended properly, and not in a bare LF.
func (t *tally) endLine(dst, rest []byte, whole bool, o TextOptions) int {
	n := copy(dst, rest)
	dst[n] = '\n'
	t.length += n
	if o.MaxLine > 0 && t.length > o.MaxLine {
		t.LongLine = true
	}
	t.length = 0
	t.Lines++
	t.Size += int64(n) + 1
	if whole {
		t.Size++
	} else {
		t.BareLF = true
	}
	return n + 1
}

// part copies octets of a line that goes on to dst, and returns how many.
func (t *tally) part(dst, octets []byte) int {
	n := copy(dst, octets)
	t.length += n
	t.Size += int64(n)
	return n
}

// write passes b on to w, and notes what is wrong in it. Its line ends are LF
// already, so that any CR in it is a bare one.
func (t *tally) write(w io.Writer, b []byte, o TextOptions) {
	t.BareCR = t.BareCR || bytes.IndexByte(b, '\r') >= 0
	t.NUL = t.NUL || bytes.IndexByte(b, 0) >= 0
	t.EightBit = t.EightBit || HasEightBit(b)
	if o.MaxSize > 0 && t.Size > o.MaxSize {
		t.TooBig = true
	}
	if t.TooBig || t.WriteErr != nil || len(b) == 0 {
		return
	}
	_, t.WriteErr = w.Write(b)
}

// HasEightBit reports whether b has an octet above 127. It looks at 32 octets at a
// time: every message goes through it.
func HasEightBit(b []byte) bool {
	const high = 0x8080808080808080
	le := binary.LittleEndian
	for len(b) >= 32 {
		if (le.Uint64(b)|le.Uint64(b[8:])|le.Uint64(b[16:])|le.Uint64(b[24:]))&high != 0 {
			return true
		}
		b = b[32:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return true
		}
	}
	return false
}
