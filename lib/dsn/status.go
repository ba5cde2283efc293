package dsn

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"postern/lib/header"
	"postern/lib/smtp"
)

// statusPart is the second part, for programs (RFC 3464 section 2): a block of
// fields about the message and one for each recipient, parted by empty lines.
func (m *Message) statusPart() part {
	p := part{description: "What happened, for programs", kind: "message/delivery-status", encoding: sevenBit}
	f := fields{utf8: m.global}
	f.message(&m.report)
	for i := range m.report.Recipients {
		f.b.WriteByte('\n')
		f.recipient(&m.report.Recipients[i])
	}
	p.text = f.b.Bytes()
	if m.global { // RFC 6533 section 6
		p.kind = "message/global-delivery-status"
		if !isASCII(p.text) {
			p.encoding = eightBit
		}
	}
	return p
}

// fields are fields of the second part as they are written.
type fields struct {
	b    bytes.Buffer
	utf8 bool // they may be UTF-8
}

// add writes a field. What it says is ours, or has been cleaned.
func (f *fields) add(name, value string) {
	if value != "" {
		f.b.WriteString(name + ": " + value + "\n")
	}
}

// time writes a field that holds a time, if that is known.
func (f *fields) time(name string, t time.Time) {
	if !t.IsZero() {
		f.add(name, header.Date(t))
	}
}

// message writes the fields about the message (RFC 3464 2.2).
func (f *fields) message(r *Report) {
	f.add("Reporting-MTA", "dns; "+r.Host)
	f.add("Original-Envelope-Id", f.clean(r.Original.EnvID))
	f.time("Arrival-Date", r.Original.Arrival)
	f.add("X-Postern-ID", r.Original.ID)
}

// recipient writes the fields about one recipient (RFC 3464 2.3).
func (f *fields) recipient(r *Recipient) {
	f.add("Original-Recipient", f.original(r.ORcpt))
	f.add("Final-Recipient", f.address(r.Mailbox.String()))
	f.add("Action", string(r.Action))
	f.add("Status", r.status())
	f.remote(r.Remote)
	f.diagnostic(r)
	f.time("Last-Attempt-Date", r.Last)
	if r.Action == Delayed {
		f.time("Will-Retry-Until", r.Until)
	}
}

// remote writes the name of the host that answered, or its address when it has
// no other.
func (f *fields) remote(host string) {
	if name, _, _ := strings.Cut(host, "["); name != "" {
		host = name
	}
	if host != "" {
		f.add("Remote-MTA", "dns; "+f.clean(host))
	}
}

// diagnostic writes what was answered. Only what an SMTP server said has the
// type smtp.
func (f *fields) diagnostic(r *Recipient) {
	if r.Reply.IsZero() {
		return
	}
	kind := "x-postern"
	if r.Remote != "" {
		kind = "smtp"
	}
	f.add("Diagnostic-Code", fold(kind+"; "+f.clean(r.Reply.String())))
}

// status is the status code (RFC 3463), whose class the action decides where
// the answer had none: a failure is permanent, or temporary and too old.
func (r *Recipient) status() string {
	class := r.Reply.Class()
	switch r.Action {
	case Failed:
		if class != 4 {
			class = 5
		}
	case Delayed:
		class = 4
	default:
		class = 2
	}
	d := r.Reply.Detail
	if d == smtp.NoEnhanced || class != r.Reply.Class() {
		d = smtp.NoDetail
	}
	return strconv.Itoa(class) + "." + strconv.Itoa(d.Subject()) + "." + strconv.Itoa(d.Number())
}
