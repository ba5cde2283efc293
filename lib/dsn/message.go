package dsn

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"postern/lib/header"
	"postern/lib/smtp"
)

// Message is a report that is ready to be written.
type Message struct {
	report   Report
	global   bool // the sender's address is not ASCII, so that all may be UTF-8
	human    part
	status   part
	returned part
}

// part is a body part (RFC 2045).
type part struct {
	description string
	kind        string // Content-Type
	encoding    string // of text, which is encoded: "7bit", "8bit" or "quoted-printable"
	text        []byte
}

// New reads as much of the original as the report returns, and makes the
// report. Its errors are those of reading, and of a Report that cannot be
// sent.
func New(r Report) (*Message, error) {
	switch {
	case r.To.IsZero():
		return nil, errors.New("dsn: the null sender is told nothing") // RFC 5321 6.1
	case len(r.Recipients) == 0:
		return nil, errors.New("dsn: no recipients")
	}
	text, whole, err := readOriginal(r.Original.Text, r.wantsText())
	if err != nil {
		return nil, fmt.Errorf("dsn: the original: %w", err)
	}
	m := &Message{report: r, global: !r.To.IsASCII()}
	m.human = m.humanPart(text)
	m.status = m.statusPart()
	m.returned = m.originalPart(text, whole)
	return m, nil
}

// wantsText says whether the whole original goes back: with failures alone,
// and unless its sender asked for the header (RFC 3461 4.3).
func (r *Report) wantsText() bool {
	for i := range r.Recipients {
		if r.Recipients[i].Action == Failed {
			return r.Original.Ret != "HDRS"
		}
	}
	return false
}

// Envelope is the envelope in which the report has to be sent: from the null
// sender, with no wish for reports (RFC 3461 section 7.1).
func (m *Message) Envelope() *smtp.Envelope {
	env := &smtp.Envelope{
		ID: m.report.ID, Body: "7BIT", SMTPUTF8: m.global,
		Recipients: []smtp.Recipient{{Mailbox: m.report.To}},
	}
	eight := m.global // its header has the address
	for _, p := range m.parts() {
		eight = eight || p.encoding == eightBit
	}
	if eight {
		env.Body = "8BITMIME"
	}
	return env
}

func (m *Message) parts() [3]*part { return [3]*part{&m.human, &m.status, &m.returned} }

// WriteTo writes the report with LF line ends.
func (m *Message) WriteTo(w io.Writer) (int64, error) {
	counter := &counter{w: w}
	b := bufio.NewWriter(counter)
	boundary := m.boundary()
	m.writeHead(b, boundary)
	for _, p := range m.parts() {
		p.write(b, boundary)
	}
	fmt.Fprintf(b, "--%s--\n", boundary)
	err := b.Flush()
	return counter.n, err
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// writeHead writes the header of the report. Auto-Submitted keeps programs
// that answer mail from answering it (RFC 3834 section 5).
func (m *Message) writeHead(w io.Writer, boundary string) {
	r := &m.report
	fmt.Fprintf(w, "Date: %s\n", header.Date(r.Date))
	fmt.Fprintf(w, "From: Mail Delivery System <MAILER-DAEMON@%s>\n", r.Host)
	fmt.Fprintf(w, "To: <%s>\n", oneLine(r.To.String()))
	fmt.Fprintf(w, "Subject: %s\n", m.subject())
	fmt.Fprintf(w, "Message-ID: <%s@%s>\n", r.ID, r.Host)
	io.WriteString(w, "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n")
	// RFC 6522 section 3: the type of the report is that of its second part.
	fmt.Fprintf(w, "Content-Type: multipart/report; report-type=%s;\n\tboundary=%q\n",
		strings.TrimPrefix(m.status.kind, "message/"), boundary)
	if m.Envelope().Body == "8BITMIME" {
		io.WriteString(w, "Content-Transfer-Encoding: 8bit\n")
	}
	io.WriteString(w, "\nThis is a delivery report in MIME format (RFC 3464).\n\n")
}

// write writes a part with the delimiter in front. The line end behind its
// text is the delimiter's that comes.
func (p *part) write(w io.Writer, boundary string) {
	fmt.Fprintf(w, "--%s\nContent-Description: %s\nContent-Type: %s\n", boundary, p.description, p.kind)
	if p.encoding != sevenBit {
		fmt.Fprintf(w, "Content-Transfer-Encoding: %s\n", p.encoding)
	}
	io.WriteString(w, "\n")
	w.Write(p.text)
	io.WriteString(w, "\n")
}
