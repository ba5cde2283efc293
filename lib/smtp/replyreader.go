package smtp

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxServerLine is the longest reply line that is read: more than the
// MaxReplyLine of RFC 5321, since some servers send it.
const maxServerLine = 2048

// ErrReply says that what the server sent is not an SMTP reply.
var ErrReply = errors.New("not an SMTP reply")

// ReplyReader reads the replies of a server on the client's side. It takes
// CRLF as the line end and nothing else.
type ReplyReader struct{ r *Reader }

// NewReplyReader returns a ReplyReader on r.
func NewReplyReader(r io.Reader) *ReplyReader {
	rr := &ReplyReader{NewReader(r)}
	rr.r.abandon = true
	return rr
}

// Reset drops what is buffered and goes on with src, as after STARTTLS: octets
// that came behind its 220 are an injection.
func (rr *ReplyReader) Reset(src io.Reader) { rr.r.Reset(src) }

// Buffered returns how many octets are read and not yet used.
func (rr *ReplyReader) Buffered() int { return rr.r.Buffered() }

// Read returns the next reply of at most MaxReplyLines lines, all with one
// code. The enhanced code is taken out of the text when its class fits the
// reply code; otherwise Detail is NoEnhanced. What is no reply gives an error
// that wraps ErrReply, also when it has no end; behind it, and behind an error
// of reading, the session is out of step.
func (rr *ReplyReader) Read() (Reply, error) {
	var r Reply
	for more := true; more; {
		line, err := rr.r.Line(maxServerLine)
		switch {
		case err == io.EOF && len(r.Lines) > 0:
			return Reply{}, io.ErrUnexpectedEOF
		case err == ErrLineTooLong || err == ErrBareLF || err == ErrBareCR || err == ErrNUL:
			return Reply{}, fmt.Errorf("%w: %w", ErrReply, err)
		case err != nil:
			return Reply{}, err
		case len(r.Lines) == MaxReplyLines:
			return Reply{}, fmt.Errorf("%w: too many lines", ErrReply)
		}
		if more, err = r.addLine(string(line)); err != nil {
			return Reply{}, err
		}
	}
	return r, nil
}

// ParseReply parses one whole reply, with or without its last CRLF.
func ParseReply(s string) (Reply, error) {
	rr := NewReplyReader(strings.NewReader(strings.TrimSuffix(s, "\r\n") + "\r\n"))
	r, err := rr.Read()
	if err == nil && rr.Buffered() > 0 {
		return Reply{}, fmt.Errorf("%w: more than one", ErrReply)
	}
	return r, err
}

// addLine takes one line into the reply and reports whether another follows
// (RFC 5321 4.2.1).
func (r *Reply) addLine(line string) (more bool, err error) {
	code, ok := replyCode(line)
	switch {
	case !ok:
		return false, fmt.Errorf("%w: no reply code", ErrReply)
	case r.Code != 0 && code != r.Code:
		return false, fmt.Errorf("%w: different codes in one reply", ErrReply)
	case len(line) > 3 && line[3] != ' ' && line[3] != '-':
		return false, fmt.Errorf("%w: neither blank nor hyphen behind the code", ErrReply)
	}
	more = len(line) > 3 && line[3] == '-'
	text := line[min(len(line), 4):]
	d, behind := cutEnhanced(text, code/100)
	if r.Code == 0 {
		r.Code, r.Detail = code, d
	}
	if d != NoEnhanced && d == r.Detail {
		text = behind
	}
	r.Lines = append(r.Lines, cleanText(text))
	return more, nil
}

// replyCode returns the code that begins a line, 200 to 599.
func replyCode(line string) (int, bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || !isDigit(rune(line[1])) || !isDigit(rune(line[2])) {
		return 0, false
	}
	return int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0'), true
}

// cutEnhanced takes "5.1.1 " off the front of text, if its class is class.
func cutEnhanced(text string, class int) (Detail, string) {
	word, rest, _ := strings.Cut(text, " ")
	c, tail, _ := strings.Cut(word, ".")
	subject, detail, _ := strings.Cut(tail, ".")
	s, ok1 := enhancedNumber(subject)
	n, ok2 := enhancedNumber(detail)
	if class == 3 || c != string(rune('0'+class)) || !ok1 || !ok2 {
		return NoEnhanced, text
	}
	return Detail(s*1000 + n), rest
}

// enhancedNumber parses the 1*3digit of RFC 3463 section 2.
func enhancedNumber(s string) (n int, ok bool) {
	for _, c := range s {
		if !isDigit(c) {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, s != "" && len(s) <= 3
}
