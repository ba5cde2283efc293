package client

import (
	"bytes"
	"io"

	"postern/lib/smtp"
)

// Text is the text of a message, with LF or CRLF line ends, and what a server
// may have to be told of it before it comes.
type Text struct {
	Size         int64 // octets with CRLF line ends, dots not stuffed (RFC 1870 section 3)
	EightBit     bool  // there are octets above 127
	EightBitHead bool  // they are in the header too, where RFC 6532 has its UTF-8
	BareCR       bool  // there is a CR that no LF follows: no server can be given that

	known  bool // the above is known
	source io.ReaderAt
	octets int64
	stream io.Reader // instead of source, for a text that is read once
}

// NewText looks through the octets of r, and returns the text that they are.
// It may be sent more than once, for as long as r can be read.
func NewText(r io.ReaderAt, octets int64) (*Text, error) {
	t := &Text{known: true, source: r, octets: octets}
	s := scanner{text: t, last: '\n', tail: '\n'}
	block := make([]byte, min(blockSize, max(octets, 1)))
	in := t.reader()
	for {
		n, err := io.ReadFull(in, block)
		s.scan(block[:n])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			s.end()
			return t, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// reader returns the text from its beginning.
func (t *Text) reader() io.Reader {
	if t.stream != nil {
		return t.stream
	}
	return io.NewSectionReader(t.source, 0, t.octets)
}

// scanner finds out what is to be known of a text.
type scanner struct {
	text *Text
	body bool // the header is over
	last byte // the last octet so far; a line end before the first
	tail byte // the one before it
}

// scan takes the next piece.
func (s *scanner) scan(p []byte) {
	if len(p) == 0 {
		return
	}
	if !s.body {
		s.scanHead(p)
	}
	t := s.text
	t.EightBit = t.EightBit || smtp.HasEightBit(p)
	t.Size += int64(len(p) + bytes.Count(p, []byte{'\n'}))
	s.scanCR(p)
	if len(p) > 1 {
		s.tail = p[len(p)-2]
	} else {
		s.tail = s.last
	}
	s.last = p[len(p)-1]
}

// scanHead looks for the empty line that ends the header.
func (s *scanner) scanHead(p []byte) {
	head := p
	last, tail := s.last, s.tail
	for i, c := range p {
		if c == '\n' && (last == '\n' || last == '\r' && tail == '\n') {
			s.body, head = true, p[:i]
			break
		}
		last, tail = c, last
	}
	s.text.EightBitHead = s.text.EightBitHead || smtp.HasEightBit(head)
}

// scanCR counts the CRs that are there already, and finds those that stand
// alone.
func (s *scanner) scanCR(p []byte) {
	if s.last == '\r' {
		s.cr(p[0])
	}
	for {
		i := bytes.IndexByte(p, '\r')
		if i < 0 || i == len(p)-1 {
			return
		}
		s.cr(p[i+1])
		p = p[i+1:]
	}
}

// cr takes the octet behind a CR.
func (s *scanner) cr(next byte) {
	if next == '\n' {
		s.text.Size-- // this line end had its CR
	} else {
		s.text.BareCR = true
	}
}

// end takes the end of the text.
func (s *scanner) end() {
	switch s.last {
	case '\r':
		s.text.BareCR = true
	case '\n':
	default:
		s.text.Size += int64(len("\r\n"))
	}
}
