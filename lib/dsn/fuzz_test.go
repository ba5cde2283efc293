package dsn

import (
	"bytes"
	"strings"
	"testing"

	"postern/lib/smtp"
)

// Whatever peers have said, a report is one that its reader understands, that
// its envelope can carry, and that gives the original back.
func FuzzReport(f *testing.F) {
	f.Add(letter, "550 5.1.1 no", "mx.example", "rfc822;a@b", "id", "ann@example.org", "", false)
	f.Add("Subject: naïve\n\nx\n", "554-a\r\n554 b", "[192.0.2.1]", "utf-8;ü@b", "", "änn@example.org", "HDRS", true)
	f.Add("--=_x\n\n\r\x00", "9", "\n", ";", "\x00", "a@b", "FULL", true)
	f.Add(letter, "550 5.1.1 no", "mx.example", "", "", "änn@example.org", "", true)
	f.Add(letter, "550 5.1.1 no", "mx.example", "utf-8;"+strings.Repeat("ä", 200)+"@b", "", "ann@example.org", "", false)
	f.Fuzz(func(t *testing.T, text, reply, host, orcpt, envid, to, ret string, utf8 bool) {
		r := failure(text)
		r.Original.Ret, r.Original.UTF8, r.Original.EnvID = ret, utf8, envid
		if m, err := smtp.ParseMailbox(to, true); err == nil {
			r.To = m
		}
		rcpt := &r.Recipients[0]
		rcpt.ORcpt, rcpt.Remote = orcpt, host
		rcpt.Reply = smtp.Reply{Code: 550, Detail: smtp.NoMailbox, Lines: []string{reply}}
		all, p, m := build(t, r)
		checkCarried(t, all, m.Envelope())
		if len(p.recipients) != 1 || p.recipients[0].Get("Action") != "failed" || p.recipients[0].Get("Status") != "5.1.1" {
			t.Errorf("recipients %v", p.recipients)
		}
		// The decoder takes blanks and CR at the end of a line for damage.
		if got := p.parts[2]; got.encoding != quotedPrintable && !strings.HasPrefix(text, got.text) {
			t.Errorf("%q came back as %q", text, got.text)
		}
	})
}

// checkCarried checks a report against its envelope.
func checkCarried(t *testing.T, report string, env *smtp.Envelope) {
	t.Helper()
	if env.Body == "7BIT" && !isASCII([]byte(report)) {
		t.Errorf("not 7 bits: %q", report)
	}
	if !isText([]byte(report)) {
		t.Errorf("long lines, CR or NUL in %q", report)
	}
	head, _, _ := bytes.Cut([]byte(report), []byte("\n\n"))
	if !env.SMTPUTF8 && !isASCII(head) {
		t.Errorf("a header in UTF-8: %q", head)
	}
}
