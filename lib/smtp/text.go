package smtp

import "io"

const (
	// MaxTextLine bounds a line of text without its CRLF (RFC 5321 4.5.3.1.6).
	MaxTextLine = 998
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
	TooBig   bool  // more than MaxSize; nothing was written from there on
	WriteErr error // the first error of the writer; nothing was written from there on
}

// Text reads the text behind DATA, up to CRLF . CRLF and nothing else, and
// writes it with LF line ends, stuffed dots undone (RFC 5321 4.5.2). Bare CR
// and LF stand as they came, and never make an end. The error is one of
// reading alone: io.ErrUnexpectedEOF when the text had no end.
func (r *Reader) Text(w io.Writer, o TextOptions) (TextResult, error) {
	return TextResult{}, nil
}
