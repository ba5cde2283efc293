package dsn

import (
	"bytes"
	"errors"
	"io"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"postern/lib/smtp"
)

func unquote(text []byte) ([]byte, error) {
	return io.ReadAll(quotedprintable.NewReader(bytes.NewReader(text)))
}

func box(s string) smtp.Mailbox {
	m, err := smtp.ParseMailbox(s, true)
	if err != nil {
		panic(err)
	}
	return m
}

func said(s string) smtp.Reply {
	r, err := smtp.ParseReply(s)
	if err != nil {
		panic(err)
	}
	return r
}

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const letter = "Received: from a by b; Sat, 21 Nov 2026 11:00:00 +0000\n" +
	"From: Ann <ann@example.org>\nTo: bob@example.net\nSubject: Lunch on\n Sunday\n\nSee you there.\n--\n-- \nAnn\n"

// failure is a report about one recipient.
func failure(original string) Report {
	return Report{
		ID: "0abc-f0", Host: "mx.example.org", Date: noon, To: box("ann@example.org"),
		Original: Original{ID: "0abc", Arrival: noon.Add(-time.Hour), Text: strings.NewReader(original)},
		Recipients: []Recipient{{
			Mailbox: box("bob@example.net"), Action: Failed, Reply: said("550 5.1.1 no such user here"),
			Remote: "mx.example.net[192.0.2.1]", Last: noon.Add(-time.Minute),
		}},
	}
}

func TestFailure(t *testing.T) {
	r := failure(letter)
	r.Original.EnvID = "envelope+1"
	r.Recipients[0].ORcpt = "rfc822;robert@example.net"
	_, p, m := build(t, r)
	for name, want := range map[string]string{
		"From": "Mail Delivery System <MAILER-DAEMON@mx.example.org>", "To": "<ann@example.org>",
		"Subject": "Your message could not be delivered", "Message-Id": "<0abc-f0@mx.example.org>",
		"Date": "Sat, 21 Nov 2026 12:00:00 +0000", "Auto-Submitted": "auto-replied", "Mime-Version": "1.0",
		"Content-Transfer-Encoding": "",
	} {
		if got := p.header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	check(t, p.message, map[string]string{
		"Reporting-Mta": "dns; mx.example.org", "Original-Envelope-Id": "envelope+1",
		"Arrival-Date": "Sat, 21 Nov 2026 11:00:00 +0000", "X-Postern-Id": "0abc",
	})
	if len(p.recipients) != 1 {
		t.Fatalf("%d recipients", len(p.recipients))
	}
	check(t, p.recipients[0], map[string]string{
		"Original-Recipient": "rfc822; robert@example.net", "Final-Recipient": "rfc822; bob@example.net",
		"Action": "failed", "Status": "5.1.1", "Remote-Mta": "dns; mx.example.net",
		"Diagnostic-Code":   "smtp; 550 5.1.1 no such user here",
		"Last-Attempt-Date": "Sat, 21 Nov 2026 11:59:00 +0000",
	})
	if p.reportType != "delivery-status" || p.parts[1].kind != "message/delivery-status" {
		t.Errorf("report-type %q, second part %q", p.reportType, p.parts[1].kind)
	}
	if p.parts[2].kind != "message/rfc822" || p.parts[2].text != letter {
		t.Errorf("returned as %s: %q", p.parts[2].kind, p.parts[2].text)
	}
	if env := m.Envelope(); !env.Sender.IsZero() || env.Body != "7BIT" || env.SMTPUTF8 || env.Ret != "" ||
		len(env.Recipients) != 1 || env.Recipients[0].Mailbox != r.To || env.ID != r.ID {
		t.Errorf("envelope %+v", env)
	}
}

// check compares all fields of a block.
func check(t *testing.T, got textproto.MIMEHeader, want map[string]string) {
	t.Helper()
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %q is too much", name, got.Get(name))
		}
	}
	for name, text := range want {
		if got.Get(name) != text {
			t.Errorf("%s: got %q, want %q", name, got.Get(name), text)
		}
	}
}

// TestWhole is both parts of a report about several recipients, to the octet.
func TestWhole(t *testing.T) {
	r := failure(letter)
	r.Original.EnvID = "envelope+1"
	r.Recipients[0].ORcpt = "rfc822;robert@example.net"
	r.Recipients[0].Until = noon // says nothing of what has failed
	r.Recipients = append(r.Recipients,
		Recipient{Mailbox: box("eve@example.net"), ORcpt: "rfc822;EVE@example.net", Action: Delayed, Reply: said("451 4.4.1 timed out"), Until: noon.AddDate(0, 0, 5)},
		Recipient{Mailbox: box("joe@example.net"), ORcpt: "X400;/c=us", Action: Delivered})
	_, p, _ := build(t, r)
	for i, want := range []string{wholeWords, wholeStatus} {
		if got := p.parts[i].text; strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("part %d is\n%s\nwant\n%s", i+1, got, want)
		}
	}
}

const wholeWords = `This is the mail system of mx.example.org.

It reports on your message

    Subject: Lunch on Sunday
    To: bob@example.net
    Received here: Sat, 21 Nov 2026 11:00:00 +0000

It could NOT BE DELIVERED to the following addresses. It is not tried again.

    bob@example.net
        You wrote to robert@example.net.
        There is no such mailbox.
        mx.example.net[192.0.2.1] answered: 550 5.1.1 no such user here

Look at the address: a letter may be wrong or missing. Then send the message
to the right one.

It has NOT YET BEEN DELIVERED to the following addresses. It is still tried.

    eve@example.net
        The mail system there cannot be reached.
        The reason: 451 4.4.1 timed out
        It will be tried until Thu, 26 Nov 2026 12:00:00 +0000.

You need not do anything. If it cannot be delivered at all, you will be
told.

It was delivered to the following addresses.

    joe@example.net
        You wrote to /c=us.

You need not do anything. That it was delivered does not mean that it was
read.

If you need help, ask postmaster@mx.example.org and quote this report: the
message is called 0abc here.
`

const wholeStatus = `Reporting-MTA: dns; mx.example.org
Original-Envelope-Id: envelope+1
Arrival-Date: Sat, 21 Nov 2026 11:00:00 +0000
X-Postern-ID: 0abc

Original-Recipient: rfc822; robert@example.net
Final-Recipient: rfc822; bob@example.net
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.net
Diagnostic-Code: smtp; 550 5.1.1 no such user here
Last-Attempt-Date: Sat, 21 Nov 2026 11:59:00 +0000

Original-Recipient: rfc822; EVE@example.net
Final-Recipient: rfc822; eve@example.net
Action: delayed
Status: 4.4.1
Diagnostic-Code: x-postern; 451 4.4.1 timed out
Will-Retry-Until: Thu, 26 Nov 2026 12:00:00 +0000

Original-Recipient: X400; /c=us
Final-Recipient: rfc822; joe@example.net
Action: delivered
Status: 2.0.0
`

// A person learns what happened, to whom, why, and what to do.
func TestWords(t *testing.T) {
	tests := []struct {
		action Action
		reply  string
		want   []string
	}{
		{Failed, "550 5.1.1 user unknown", []string{"NOT BE DELIVERED", "There is no such mailbox.", "mx.example.net[192.0.2.1] answered: 550 5.1.1 user unknown", "Look at the address"}},
		{Failed, "552 5.2.2 over quota", []string{"The mailbox is full.", "another way, or send the message again"}},
		{Failed, "552 5.3.4 too big", []string{"larger than what is taken", "Send a smaller message"}},
		{Failed, "550 5.7.1 no", []string{"does not permit", "only the other side can change it"}},
		{Failed, "554 no", []string{"The answer above says why."}},
		{Failed, "451 4.4.1 timed out", []string{"tried for as long as mail is kept here", "send it again later"}},
		{Delayed, "451 4.4.1 timed out", []string{"NOT YET BEEN DELIVERED", "cannot be reached", "You need not do anything", "tried until Thu, 26 Nov"}},
		{Delivered, "250 2.0.0 delivered", []string{"It was delivered to", "does not mean that it was read"}},
		{Relayed, "250 2.0.0 ok", []string{"sends no reports"}},
		{Expanded, "250 2.0.0 ok", []string{"sent on to all", "will not be told"}},
	}
	for _, tt := range tests {
		r := failure(letter)
		r.Recipients[0].Action, r.Recipients[0].Reply = tt.action, said(tt.reply)
		r.Recipients[0].Until = noon.AddDate(0, 0, 5)
		_, p, _ := build(t, r)
		text := strings.Join(strings.Fields(p.parts[0].text), " ")
		for _, want := range append(tt.want, "bob@example.net", "Subject: Lunch on Sunday", "postmaster@mx.example.org", "0abc") {
			if !strings.Contains(text, want) {
				t.Errorf("%s %s: no %q in\n%s", tt.action, tt.reply, want, p.parts[0].text)
			}
		}
	}
}

func TestStatus(t *testing.T) {
	tests := []struct {
		action Action
		reply  smtp.Reply
		want   string
	}{
		{Failed, said("550 5.1.1 x"), "5.1.1"},
		{Failed, said("550 x"), "5.0.0"},
		{Failed, said("451 4.4.1 x"), "4.4.1"},
		{Failed, smtp.Reply{}, "5.0.0"},
		{Delayed, said("451 4.4.1 x"), "4.4.1"},
		{Delayed, said("550 5.1.1 x"), "4.0.0"},
		{Delivered, said("250 2.1.5 x"), "2.1.5"},
		{Relayed, said("250 x"), "2.0.0"},
		{Expanded, smtp.Reply{}, "2.0.0"},
	}
	for _, tt := range tests {
		r := Recipient{Action: tt.action, Reply: tt.reply}
		if got := r.status(); got != tt.want {
			t.Errorf("%s, %v: got %s, want %s", tt.action, tt.reply, got, tt.want)
		}
	}
}

// How the original goes back, by what it is and what was asked for.
func TestReturned(t *testing.T) {
	const eight = "Subject: x\n\nna\xefve\n"
	long := "Subject: x\n\n" + strings.Repeat("x", 1000) + "\n"
	head, _, _ := strings.Cut(letter, "\n\n")
	head += "\n"
	tests := []struct {
		name, text, ret          string
		action                   Action
		utf8                     bool
		kind, encoding, returned string
		body                     string
	}{
		{"whole", letter, "FULL", Failed, false, "message/rfc822", "", letter, "7BIT"},
		{"unless the header is enough", letter, "HDRS", Failed, false, "text/rfc822-headers", "", head, "7BIT"},
		{"nothing asked", letter, "", Failed, false, "message/rfc822", "", letter, "7BIT"},
		{"not for success", letter, "FULL", Delivered, false, "text/rfc822-headers", "", head, "7BIT"},
		{"8 bits", eight, "", Failed, false, "message/rfc822", "8bit", eight, "8BITMIME"},
		{"8 bits in the header", "Subject: na\xefve\n\nx\n", "HDRS", Failed, false, "text/rfc822-headers", "quoted-printable", "Subject: na\xefve\n", "7BIT"},
		{"UTF-8 header", "Subject: naïve\n\nx\n", "", Failed, true, "message/global", "quoted-printable", "Subject: naïve\n\nx\n", "7BIT"},
		{"UTF-8 header alone", "Subject: naïve\n\nx\n", "HDRS", Failed, true, "message/global-headers", "quoted-printable", "Subject: naïve\n", "7BIT"},
		{"UTF-8 that nobody declared", "Subject: naïve\n\nx\n", "", Failed, false, "message/rfc822", "8bit", "Subject: naïve\n\nx\n", "8BITMIME"},
		{"declared, not there", letter, "", Failed, true, "message/rfc822", "", letter, "7BIT"},
		{"declared, and no UTF-8", "Subject: na\xefve\n\nx\n", "", Failed, true, "message/rfc822", "8bit", "Subject: na\xefve\n\nx\n", "8BITMIME"},
		{"long line", long, "", Failed, false, "text/rfc822-headers", "", "Subject: x\n", "7BIT"},
		{"NUL", "Subject: x\n\n\x00\n", "", Failed, false, "text/rfc822-headers", "", "Subject: x\n", "7BIT"},
		{"large", "Subject: x\n\n" + strings.Repeat("x\n", maxText), "", Failed, false, "text/rfc822-headers", "", "Subject: x\n", "7BIT"},
		{"large header", strings.Repeat("X: y\n", maxText), "", Failed, false, "text/rfc822-headers", "", strings.Repeat("X: y\n", maxHead/5), "7BIT"},
		{"no header", "\nx\n", "HDRS", Failed, false, "text/rfc822-headers", "", "", "7BIT"},
		{"nothing", "", "", Failed, false, "message/rfc822", "", "", "7BIT"},
	}
	for _, tt := range tests {
		r := failure(tt.text)
		r.Original.Ret, r.Original.UTF8, r.Recipients[0].Action = tt.ret, tt.utf8, tt.action
		_, p, m := build(t, r)
		got := p.parts[2]
		if got.kind != tt.kind || got.encoding != tt.encoding || got.text != tt.returned {
			t.Errorf("%s: got %s %q, %d octets %.40q", tt.name, got.kind, got.encoding, len(got.text), got.text)
		}
		if body := m.Envelope().Body; body != tt.body {
			t.Errorf("%s: body %s, want %s", tt.name, body, tt.body)
		}
	}
}

// Addresses beyond ASCII: as they are where the report is SMTPUTF8 anyway,
// since its own recipient is, else in ASCII.
func TestInternational(t *testing.T) {
	text := "Subject: naïve\n\nx\n"
	r := failure(text)
	r.Original.UTF8 = true
	r.Recipients[0].Mailbox = box("jürgen+a@example.net")
	r.Recipients[0].ORcpt = "utf-8;jürgen@example.net"
	r.Recipients[0].Reply = smtp.Reply{Code: 550, Detail: smtp.NoMailbox, Lines: []string{"wir kennen jürgen nicht"}}
	all, p, m := build(t, r)
	if !isASCII([]byte(all)) || m.Envelope().SMTPUTF8 {
		t.Errorf("not ASCII, SMTPUTF8 %v:\n%s", m.Envelope().SMTPUTF8, all)
	}
	check(t, p.recipients[0], map[string]string{
		"Original-Recipient": `utf-8; j\x{FC}rgen@example.net`, "Final-Recipient": `utf-8; j\x{FC}rgen\x{2B}a@example.net`,
		"Action": "failed", "Status": "5.1.1", "Remote-Mta": "dns; mx.example.net",
		"Diagnostic-Code":   "smtp; 550 5.1.1 wir kennen j?rgen nicht",
		"Last-Attempt-Date": "Sat, 21 Nov 2026 11:59:00 +0000",
	})
	if !strings.Contains(p.parts[0].text, "jürgen+a@example.net") || !strings.Contains(p.parts[0].text, "Subject: naïve") {
		t.Errorf("for a person:\n%s", p.parts[0].text)
	}

	r.To, r.Original.Text = box("änn@example.org"), strings.NewReader(text)
	_, p, m = build(t, r)
	if env := m.Envelope(); !env.SMTPUTF8 || env.Body != "8BITMIME" {
		t.Errorf("envelope %+v", env)
	}
	if got := p.recipients[0].Get("Final-Recipient"); got != "utf-8; jürgen+a@example.net" {
		t.Errorf("Final-Recipient: %q", got)
	}
	if p.reportType != "global-delivery-status" || p.parts[1].kind != "message/global-delivery-status" || p.parts[1].encoding != "8bit" {
		t.Errorf("report-type %q, second part %+v", p.reportType, p.parts[1])
	}
	if p.parts[2].kind != "message/global" || p.parts[2].encoding != "8bit" || p.parts[2].text != text {
		t.Errorf("returned %+v", p.parts[2])
	}
}

// Nothing of a peer ends a line, a field or a part.
func TestClean(t *testing.T) {
	r := failure(letter)
	r.Recipients[0].Reply = smtp.Reply{Code: 550, Detail: smtp.NoMailbox, Lines: []string{"a\r\nAction: delivered\n\n--=_x", "b\x00\x1b[31m", strings.Repeat("long ", 1000)}}
	r.Recipients[0].Remote = "evil\nAction: delivered[192.0.2.1]"
	r.Recipients[0].ORcpt = "rfc822;x\nAction: delivered"
	r.Original.EnvID = "x\nReporting-MTA: dns; other"
	all, p, _ := build(t, r)
	if len(p.recipients) != 1 || len(p.recipients[0]["Action"]) != 1 || p.recipients[0].Get("Action") != "failed" {
		t.Errorf("recipients %v", p.recipients)
	}
	if len(p.message["Reporting-Mta"]) != 1 || len(all) > 8<<10 {
		t.Errorf("message %v, %d octets in all", p.message, len(all))
	}
	if strings.ContainsAny(all, "\r\x00\x1b") {
		t.Errorf("control characters in %q", all)
	}
}

// An original that holds a report, with its boundary, comes back whole.
func TestReportWithinReport(t *testing.T) {
	inner, _, _ := build(t, failure(letter))
	_, p, _ := build(t, failure(inner))
	if p.parts[2].text != inner {
		t.Errorf("got %q", p.parts[2].text)
	}
}

func TestManyRecipients(t *testing.T) {
	r := failure(letter)
	for range 2999 {
		r.Recipients = append(r.Recipients, r.Recipients[0])
	}
	r.Recipients[7].Action, r.Recipients[7].Reply = Delayed, said("450 4.2.0 busy")
	_, p, _ := build(t, r)
	if len(p.recipients) != 3000 || p.recipients[7].Get("Action") != "delayed" {
		t.Errorf("%d recipients, the eighth %v", len(p.recipients), p.recipients[7])
	}
	if n := strings.Count(p.parts[0].text, "Look at the address"); n != 1 {
		t.Errorf("the same advice %d times", n)
	}
}

// The same report is always the same octets.
func TestSameOctets(t *testing.T) {
	one, _, _ := build(t, failure(letter))
	two, _, _ := build(t, failure(letter))
	if one != two {
		t.Errorf("%s\n%s", one, two)
	}
}

func TestNewErrors(t *testing.T) {
	null, nobody, broken := failure(letter), failure(letter), failure(letter)
	null.To, nobody.Recipients = smtp.Mailbox{}, nil
	broken.Original.Text = iotest.ErrReader(errors.New("disk on fire"))
	for want, r := range map[string]Report{
		"dsn: the null sender is told nothing": null, "dsn: no recipients": nobody, "dsn: the original: disk on fire": broken,
	} {
		if _, err := New(r); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// limited fails after n octets.
type limited struct{ n int }

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.n {
		return l.n, io.ErrShortWrite
	}
	l.n -= len(p)
	return len(p), nil
}

func TestWriteError(t *testing.T) {
	m, err := New(failure(letter))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := m.WriteTo(&limited{100}); n != 100 || err == nil {
		t.Errorf("%d octets, %v", n, err)
	}
}
