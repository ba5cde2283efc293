package smtp

import (
	"strconv"
	"strings"
)

const (
	// MaxReplyLine bounds a reply line with its code and CRLF (RFC 5321 4.5.3.1.5).
	MaxReplyLine = 512
	// MaxReplyLines bounds the lines of one reply, sent or received.
	MaxReplyLines = 128
)

// Reply is one answer of a server. Its text is free of control characters
// when Say or a ReplyReader made it.
type Reply struct {
	Code   int      // 200 to 599
	Detail Detail   // subject and detail of the enhanced code
	Lines  []string // the text, without codes and line ends; at least one
}

// Say makes a reply. In its text every octet that RFC 5321 4.2 does not allow
// stands as a question mark. A code outside of 200 to 599 is a fault of ours,
// which must not bounce mail: it becomes 451 4.3.0.
func Say(code int, d Detail, lines ...string) Reply {
	if code < 200 || code > 599 {
		code, d = 451, OtherSystem
	}
	if code/100 == 3 {
		d = NoEnhanced
	}
	clean := make([]string, 0, max(1, len(lines)))
	for _, l := range lines[:min(len(lines), MaxReplyLines)] {
		clean = append(clean, cleanText(l))
	}
	if len(clean) == 0 {
		clean = append(clean, "")
	}
	return Reply{Code: code, Detail: d, Lines: clean}
}

// Class returns the first digit of the code.
func (r Reply) Class() int { return r.Code / 100 }

// IsZero reports that r is no reply at all.
func (r Reply) IsZero() bool { return r.Code == 0 }

// Append writes the reply as it goes over the wire, with CRLF and, where it
// has more than one line, the hyphens of RFC 5321 4.2.1. With enhanced each
// line carries the enhanced code, if the reply has one (RFC 2034 section 4).
// Text that does not fit in MaxReplyLine goes on in a further line.
func (r Reply) Append(b []byte, enhanced bool) []byte {
	front := r.front(enhanced)
	lines := r.Lines
	if len(lines) == 0 {
		lines = []string{""}
	}
	for i, text := range lines {
		for {
			part, rest := splitText(text, MaxReplyLine-len(front)-len("250 \r\n"))
			last := i == len(lines)-1 && rest == ""
			b = r.appendLine(b, front, part, last)
			if rest == "" {
				break
			}
			text = rest
		}
	}
	return b
}

// front returns what stands before the text in each line behind the code:
// the enhanced code and a blank, or nothing.
func (r Reply) front(enhanced bool) string {
	if !enhanced || r.Detail == NoEnhanced || r.Class() == 3 {
		return ""
	}
	return string(append(r.Detail.append(nil, r.Class()), ' '))
}

func (r Reply) appendLine(b []byte, front, text string, last bool) []byte {
	b = strconv.AppendInt(b, int64(r.Code), 10)
	if last {
		b = append(b, ' ')
	} else {
		b = append(b, '-')
	}
	b = append(b, front...)
	b = append(b, text...)
	return append(b, '\r', '\n')
}

// String returns the reply in one line for a log: "550 5.1.1 no such mailbox".
func (r Reply) String() string {
	s := strconv.Itoa(r.Code) + " " + r.front(true) + strings.Join(r.Lines, " ")
	return strings.TrimRight(s, " ")
}

// splitText cuts text behind the last blank that keeps the part within n
// octets, or at n where there is none.
func splitText(text string, n int) (part, rest string) {
	if len(text) <= n {
		return text, ""
	}
	if i := strings.LastIndexByte(text[:n+1], ' '); i > 0 {
		return text[:i], text[i+1:]
	}
	return text[:n], text[n:]
}

// cleanText returns s with a question mark for each octet that a reply line
// may not hold (RFC 5321 4.2: textstring).
func cleanText(s string) string {
	for i := 0; i < len(s); i++ {
		if !isText(s[i]) {
			return cleanFrom([]byte(s), i)
		}
	}
	return s
}

func cleanFrom(b []byte, i int) string {
	for ; i < len(b); i++ {
		if !isText(b[i]) {
			b[i] = '?'
		}
	}
	return string(b)
}

func isText(c byte) bool { return c == '\t' || c >= ' ' && c < 0x7f }
