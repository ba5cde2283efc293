package dsn

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"
)

// parsed is a report as its reader sees it.
type parsed struct {
	header     mail.Header
	reportType string
	parts      [3]parsedPart
	message    textproto.MIMEHeader
	recipients []textproto.MIMEHeader
}

// parsedPart is a body part, decoded.
type parsedPart struct {
	kind, encoding string
	text           string
}

// parse reads a report with what the standard library has.
func parse(report []byte) (p parsed, err error) {
	m, err := mail.ReadMessage(bytes.NewReader(report))
	if err != nil {
		return p, err
	}
	p.header = m.Header
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" {
		return p, fmt.Errorf("type %q, %v", kind, err)
	}
	p.reportType = params["report-type"]
	r := multipart.NewReader(m.Body, params["boundary"])
	for i := range p.parts {
		if p.parts[i], err = parsePart(r); err != nil {
			return p, fmt.Errorf("part %d: %w", i+1, err)
		}
	}
	if _, err := r.NextRawPart(); err != io.EOF {
		return p, fmt.Errorf("behind the third part: %v", err)
	}
	return p, p.parseStatus()
}

// parsePart reads the next part and undoes its encoding.
func parsePart(r *multipart.Reader) (parsedPart, error) {
	raw, err := r.NextRawPart()
	if err != nil {
		return parsedPart{}, err
	}
	p := parsedPart{kind: raw.Header.Get("Content-Type"), encoding: raw.Header.Get("Content-Transfer-Encoding")}
	text, err := io.ReadAll(raw)
	if err == nil && p.encoding == quotedPrintable {
		text, err = unquote(text)
	}
	p.text = string(text)
	return p, err
}

// parseStatus reads the second part.
func (p *parsed) parseStatus() error {
	r := textproto.NewReader(bufio.NewReader(strings.NewReader(p.parts[1].text + "\n")))
	for {
		block, err := r.ReadMIMEHeader()
		switch {
		case err == io.EOF && len(block) == 0:
			return nil
		case err != nil:
			return err
		case p.message == nil:
			p.message = block
		default:
			p.recipients = append(p.recipients, block)
		}
	}
}

// build makes a report and reads it back.
func build(t testing.TB, r Report) (text string, p parsed, m *Message) {
	t.Helper()
	m, err := New(r)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	n, err := m.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("WriteTo: %d of %d octets, %v", n, b.Len(), err)
	}
	if p, err = parse(b.Bytes()); err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	return b.String(), p, m
}
