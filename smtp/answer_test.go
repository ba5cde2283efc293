package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"

	"postern/lib/client"
	"postern/lib/smtp"
)

// reply is a server's, "" for none.
func reply(t *testing.T, text string) smtp.Reply {
	t.Helper()
	if text == "" {
		return smtp.Reply{}
	}
	r, err := smtp.ParseReply(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestDue says who is tried once more, by what the server said to it and to
// another recipient, and by what ended the session.
func TestDue(t *testing.T) {
	broken, slow := errors.New("broken"), fmt.Errorf("read: %w", &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded})
	for _, tt := range []struct {
		said, other string
		uncertain   bool
		err         error
		tries       int
		want        bool
	}{
		{said: "452 too many", other: "250 ok", want: true},
		{said: "452 4.5.3 too many", other: "250 ok", want: true},
		{said: "452 4.3.1 disk full", other: "250 ok"},
		{said: "452 4.2.2 mailbox full", other: "250 ok"},
		{said: "552 too many", other: "250 ok", want: true},
		{said: "552 5.2.2 mailbox full", other: "250 ok"},
		{said: "552 5.5.3 too many", other: "250 ok"},
		{said: "450 later", other: "250 ok"},
		{said: "452 too many", other: "452 too many"}, // with none taken there is no room to hope for
		{said: "452 too many", other: "550 no"},

		{err: broken, want: true},
		{err: broken, tries: maxTries - 1, want: true},
		{err: broken, tries: maxTries},
		{err: slow},
		{err: broken, uncertain: true}, // the server may have it: not twice
		{said: "421 bye", err: broken, want: true},
		{said: "421 bye", err: broken, uncertain: true},
		{said: "550 no", err: broken},
		{said: "451 later", err: broken},
		{said: "250 kept", err: broken},
		{said: "421 bye"},
	} {
		p := &part{tries: tt.tries}
		r := client.Result{Recipients: []smtp.Reply{reply(t, tt.other), reply(t, tt.said)}, Uncertain: tt.uncertain}
		if got := p.due(r, 1, tt.err); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

// TestOutcome is what a recipient is told when a session broke or did not.
func TestOutcome(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		said      string
		uncertain bool
		err       error
		want      string // reply and reason
	}{
		{"250 2.0.0 kept", false, nil, "250 2.0.0 kept "},
		{"250 2.0.0 kept", false, broken, "250 2.0.0 kept "}, // what broke afterwards is no matter
		{"550 5.1.1 no", false, nil, "550 5.1.1 no "},
		{"550 5.1.1 no", false, broken, "550 5.1.1 no broken"},
		{"", true, broken, "451 4.4.2 the next server has the whole message and did not answer broken"},
		{"", false, broken, "451 4.4.2 the connection to the next server broke broken"},
	} {
		c := &carrier{link: &link{Session: new(client.Session), host: "mx.test"}}
		r := client.Result{Recipients: []smtp.Reply{reply(t, tt.said)}, Uncertain: tt.uncertain}
		o := c.outcome(new(smtp.Recipient), r, 0, tt.err)
		if got := o.reply.String() + " " + o.reason; got != tt.want || o.host != "mx.test" {
			t.Errorf("%q %v %v: %q of %q, want %q", tt.said, tt.uncertain, tt.err, got, o.host, tt.want)
		}
	}
}
