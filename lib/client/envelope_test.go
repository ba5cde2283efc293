package client

import (
	"strings"
	"testing"

	"postern/lib/smtp"
)

func TestNeeds(t *testing.T) {
	tests := []struct {
		name   string
		offers string
		text   string
		change func(*smtp.Envelope)
		want   string // of the MAIL command's parameters, or of the answer in the server's place
	}{
		{"size", "SIZE", "a\n", nil, " SIZE=3"},
		{"as big as may be", "SIZE 3", "a\n", nil, " SIZE=3"},
		{"too big", "SIZE 2", "a\n", nil, "552 5.3.4"},
		{"any size", "SIZE 0", "a\n", nil, " SIZE=3"},
		{"8 bits", "8BITMIME", "a\n\nä\n", nil, " BODY=8BITMIME"},
		{"8 bits and no 8BITMIME", "", "a\n\nä\n", nil, "554 5.6.3"},
		{"8 bits in name only", "", "a\n", func(e *smtp.Envelope) { e.Body = "8BITMIME" }, ""},
		{"a header in 8 bits", "8BITMIME", "ä\n\n", nil, " BODY=8BITMIME"},
		{"a header in UTF-8", "8BITMIME", "ä\n\n", func(e *smtp.Envelope) { e.SMTPUTF8 = true }, "554 5.6.9"},
		{"a header in UTF-8 that may be", "SMTPUTF8, 8BITMIME", "ä\n\n", func(e *smtp.Envelope) { e.SMTPUTF8 = true }, " BODY=8BITMIME SMTPUTF8"},
		{"UTF-8 in name only", "", "a\n", func(e *smtp.Envelope) { e.SMTPUTF8 = true }, ""},
		{"UTF-8 recipient", "", "a\n", func(e *smtp.Envelope) { e.SMTPUTF8, e.Recipients[0].Mailbox.Local = true, "ä" }, "553 5.6.7"},
		{"UTF-8 sender", "", "a\n", func(e *smtp.Envelope) { e.SMTPUTF8, e.Sender.Local = true, "ä" }, "553 5.6.7"},
		{"UTF-8 domain of the sender, as A-labels", "", "a\n", func(e *smtp.Envelope) { e.SMTPUTF8, e.Sender.Domain = true, "mé.example" }, "MAIL FROM:<from@xn--m-bga.example>"},
		{"UTF-8 domain of the sender, as it is", "SMTPUTF8", "a\n", func(e *smtp.Envelope) { e.SMTPUTF8, e.Sender.Domain = true, "mé.example" }, "MAIL FROM:<from@mé.example> SMTPUTF8"},
		{"UTF-8 domain with UTF-8 in the header", "8BITMIME", "ä\n\n", func(e *smtp.Envelope) { e.SMTPUTF8, e.Sender.Domain = true, "mé.example" }, "554 5.6.9"},
		{"UTF-8 domain that is too long as A-label", "", "a\n", func(e *smtp.Envelope) { e.SMTPUTF8, e.Sender.Domain = true, strings.Repeat("é.", 80)+"example" }, "553 5.6.7"},
		{"bare CR", "", "a\rb\n", nil, "554 5.6.0"},
		{"vouched for", "AUTH PLAIN", "a\n", func(e *smtp.Envelope) { e.Auth = "a+b@c.example" }, " AUTH=a+2Bb@c.example"},
		{"vouched for by nobody", "AUTH PLAIN", "a\n", func(e *smtp.Envelope) { e.Auth = "<>" }, " AUTH=<>"},
		{"DSN", "DSN", "a\n", func(e *smtp.Envelope) { e.Ret, e.EnvID = "HDRS", "a b=" }, " RET=HDRS ENVID=a+20b+3D"},
		{"no DSN there", "", "a\n", func(e *smtp.Envelope) { e.Ret, e.EnvID = "HDRS", "a" }, ""},
		{"a command within", "DSN", "a\n", func(e *smtp.Envelope) { e.Ret, e.EnvID = "HDRS\r\nRSET", "a\r\nRSET" }, " ENVID=a+0D+0ARSET"},
		{"a parameter within", "DSN", "a\n", func(e *smtp.Envelope) { e.Ret = "HDRS SIZE=1" }, ""},
		{"no AUTH there", "", "a\n", func(e *smtp.Envelope) { e.Auth = "<>" }, ""},
	}
	for _, test := range tests {
		s := &Session{extensions: parseExtensions(smtp.Reply{Lines: append([]string{"x"}, strings.Split(test.offers, ", ")...)})}
		env := letter("a")
		if test.change != nil {
			test.change(env)
		}
		tr := s.newTransaction(env, textOf(t, test.text))
		got := strings.TrimPrefix(tr.mailCommand(), "MAIL FROM:<from@me.example>")
		if !tr.open() {
			got = tr.answers[0].String()[:len("552 5.3.4")]
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
