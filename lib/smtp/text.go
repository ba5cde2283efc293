package smtp

import (
	"bytes"
	"io"
)

const (
	// MaxTextLine bounds a line of text without its CRLF (RFC 5321 4.5.3.1.6).
	MaxTextLine = 998

	// longTail is how much of a line is kept back in the hope of its end;
	// what is longer is passed on in pieces.
	longTail = smallBuffer
)

// TextOptions are the limits of a message text. Zero means no limit.
type TextOptions struct {
	MaxSize int64 // octets as TextResult counts them
	MaxLine int   // octets of a line without CRLF, beyond which LongLine is noted
}

// TextResult tells what a message text was like. A text with a fault is read
// to its true end all the same; the caller decides what to refuse.
type TextResult struct {
	Size     int64 // octets with CRLF line ends, without stuffed dots and the final dot (RFC 1870)
	Lines    int64
	BareCR   bool  // CR that no LF follows
	BareLF   bool  // LF that no CR precedes
	NUL      bool  // an octet 0
	EightBit bool  // an octet above 127
	LongLine bool  // a line above MaxLine; it is written whole
	TooBig   bool  // more than MaxSize; from about there on nothing was written
	WriteErr error // the first error of the writer; nothing was written behind it
}

// Text reads the text behind DATA, up to CRLF . CRLF and nothing else, and
// writes it with LF line ends, stuffed dots undone (RFC 5321 4.5.2). Bare CR
// and LF stand as they came, and never make an end. The error is one of
// reading alone: io.ErrUnexpectedEOF when the text had no end.
func (r *Reader) Text(w io.Writer, o TextOptions) (TextResult, error) {
	t := text{behind: true, lf: r.LF}
	small := r.widen()
	defer func() { r.narrow(small) }()
	r.spoiled = false
	for {
		used, ended := t.take(r.buf[r.pos:r.end], w, o)
		r.pos += used
		if ended {
			return t.TextResult, nil
		}
		if err := r.fillText(); err != nil {
			return t.TextResult, endInside(err, true)
		}
	}
}

// text is a message on its way through Text.
type text struct {
	tally
	lf     bool // LF alone ends a line
	behind bool // at the beginning of a line, where a dot means something
	seen   int  // octets of the unfinished line that were searched for its LF
}

// take takes the lines of b, which is what has come and was not used yet, and
// returns how much of it is used now. It works in place: each line moves to the
// left by the CRs and dots that were taken out before it.
func (t *text) take(b []byte, w io.Writer, o TextOptions) (used int, ended bool) {
	out := 0
	for !ended {
		i := bytes.IndexByte(b[used+t.seen:], '\n')
		if i < 0 {
			break
		}
		line := b[used : used+t.seen+i+1]
		used += len(line)
		t.seen = 0
		if ended = t.isEnd(line); !ended {
			out += t.line(b[out:], line, o)
		}
	}
	if tail := b[used:]; !ended && len(tail) >= longTail {
		n := t.piece(b[out:], tail)
		out += n.kept
		used += n.used
	}
	if !ended {
		t.seen = len(b) - used
	}
	t.write(w, b[:out], o)
	return used, ended
}

// isEnd reports whether a line with its LF is the end of the text. The dot
// must stand behind CRLF, and CRLF behind the dot: LF . CRLF or CRLF . LF from
// one server's text would be an end to the next (CVE-2023-51764 and its kin).
func (t *text) isEnd(line []byte) bool {
	if !t.behind || line[0] != '.' {
		return false
	}
	return len(line) == 3 && line[1] == '\r' || len(line) == 2 && t.lf
}

// line moves one line, or the rest of one, to dst.
func (t *text) line(dst, line []byte, o TextOptions) int {
	line = t.unstuff(line[:len(line)-1])
	n := len(line)
	crlf := n > 0 && line[n-1] == '\r'
	if crlf {
		line = line[:n-1]
	}
	t.behind = crlf || t.lf
	return t.endLine(dst, line, t.behind, o)
}

// moved says how much of the input is used, and how much of it was written.
type moved struct{ used, kept int }

// piece moves a part of a line to dst. A CR at its end waits: it may belong to
// the line end.
func (t *text) piece(dst, tail []byte) moved {
	if tail[len(tail)-1] == '\r' {
		tail = tail[:len(tail)-1]
	}
	m := moved{used: len(tail)}
	tail = t.unstuff(tail)
	t.behind = false
	m.kept = t.part(dst, tail)
	return m
}

// unstuff takes the dot off that begins a line (RFC 5321 4.5.2).
func (t *text) unstuff(line []byte) []byte {
	if t.behind && len(line) > 0 && line[0] == '.' {
		return line[1:]
	}
	return line
}
