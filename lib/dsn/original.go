package dsn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime/quotedprintable"
	"unicode/utf8"

	"postern/lib/smtp"
)

// Bounds of what goes back, in octets.
const (
	maxText = 50 << 10 // of an original; of a larger one the header is returned
	maxHead = 32 << 10 // of a header; of a larger one its beginning is returned
)

// The encodings of RFC 2045 section 6 that are used.
const (
	sevenBit        = "7bit"
	eightBit        = "8bit"
	quotedPrintable = "quoted-printable"
)

// wholeMessage describes an original that goes back whole.
const wholeMessage = "The message"

// readOriginal reads the original, or its header when that is all that is
// wanted, or all that can go back as it is.
func readOriginal(r io.Reader, wantText bool) (text []byte, whole bool, err error) {
	text, err = io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return nil, false, err
	}
	// A message within a message has no encoding that could hide long lines
	// and NUL (RFC 2046 5.2.1).
	if wantText && len(text) <= maxText && isText(text) {
		return text, true, nil
	}
	return cutHead(text), false, nil
}

// cutHead is the header at the beginning of text, without the empty line. One
// that is too long ends with a whole line.
func cutHead(text []byte) []byte {
	if bytes.HasPrefix(text, []byte("\n")) {
		return nil
	}
	if i := bytes.Index(text, []byte("\n\n")); i >= 0 {
		text = text[:i+1]
	}
	if len(text) > maxHead {
		text = text[:bytes.LastIndexByte(text[:maxHead], '\n')+1]
	}
	return text
}

// isText says whether text can be sent as 7bit or 8bit (RFC 2045 2.7, 2.8).
func isText(text []byte) bool {
	if bytes.IndexByte(text, 0) >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		return false
	}
	for line := range bytes.Lines(text) {
		if len(bytes.TrimSuffix(line, []byte("\n"))) > smtp.MaxTextLine {
			return false
		}
	}
	return true
}

// isASCII says whether text has no octet above 127.
func isASCII(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// originalPart is the third part: the message, or its header. One with a
// header in UTF-8 is of a type of its own (RFC 6533 sections 4 and 5), and is
// encoded when the report has to pass systems that do not know such mail.
func (m *Message) originalPart(text []byte, whole bool) part {
	head := cutHead(text)
	international := m.report.Original.UTF8 && !isASCII(head) && utf8.Valid(head)
	p := part{description: wholeMessage, kind: "message/rfc822", encoding: sevenBit, text: text}
	switch {
	case whole && international:
		p.kind = "message/global"
	case international:
		p.description, p.kind = "The header of the message", "message/global-headers"
	case !whole:
		p.description, p.kind = "The header of the message", "text/rfc822-headers"
	}
	switch {
	case isASCII(text) && isText(text):
	case whole && !international, international && m.global && isText(text):
		p.encoding = eightBit
	default:
		p.encoding, p.text = quotedPrintable, quoted(text)
	}
	return p
}

// quoted is text as quoted-printable (RFC 2045 6.7), with LF line ends.
func quoted(text []byte) []byte {
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	w.Write(text) // a Buffer has no errors
	w.Close()
	return bytes.ReplaceAll(b.Bytes(), []byte("\r\n"), []byte("\n"))
}

// boundary is made from the text that it must not occur in: no text holds its
// own hash.
func (m *Message) boundary() string {
	h := sha256.New()
	for _, p := range m.parts() {
		h.Write(p.text)
	}
	return "=_" + hex.EncodeToString(h.Sum(nil)[:20])
}
