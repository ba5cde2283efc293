package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"strings"
	"testing"

	"postern/lib/deliver"
	"postern/lib/place"
	"postern/lib/smtp"
	"postern/lib/smtptest"
	"postern/lib/sysexits"
)

// outside is a user who hands in a message with these arguments, while
// something plays the dialogue at the socket.
func outside(t *testing.T, dialogue, text string, args ...string) (status int, stderr string) {
	t.Helper()
	p := instance(t)
	played := make(chan error, 1)
	if dialogue == "" {
		played <- nil
	} else {
		playAtSocket(t, p, dialogue, played)
	}
	var errs bytes.Buffer
	c := newConfig(p)
	operands, err := c.options().Parse(c.withoutOptional(args))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.load(&errs); err != nil {
		t.Fatal(err)
	}
	prog := &program{config: c, mail: deliver.New(c.mail, c.places), stdin: strings.NewReader(text), stdout: &errs, stderr: &errs}
	env, _, err := prog.envelope(operands)
	if err != nil {
		t.Fatal(err)
	}
	in, err := prog.openMessage(env, false)
	if err != nil {
		t.Fatal(err)
	}
	status = prog.handIn(context.Background(), env, in)
	if err := <-played; err != nil {
		t.Error(err)
	}
	return status, errs.String()
}

// playAtSocket plays one dialogue at the socket, and says how that ended.
func playAtSocket(t *testing.T, p place.Places, dialogue string, played chan<- error) {
	t.Helper()
	d, err := smtptest.Parse(t.Name(), strings.NewReader(dialogue))
	if err == nil {
		err = os.MkdirAll(p.Run(), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", p.Submit())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer l.Close()
		conn, err := l.Accept()
		if err == nil {
			err = smtptest.Player{Side: smtptest.Server}.Play(d, conn)
		}
		played <- err
	}()
}

const greeting = "S: 220 mx.example\nC: EHLO mx.example\nS: 250-mx.example\nS: 250-PIPELINING\nS: 250 DSN\n"

func TestHandIn(t *testing.T) {
	const text = "From: a@b.example\nDate: x\nMessage-ID: <y>\n\nx\n"
	ask := "C: MAIL FROM:<a@b.example>*\nC: RCPT TO:<bob@mx.example>*\nC: RCPT TO:<x@remote.example>*\n"
	tests := []struct {
		name, dialogue string
		status         int
		stderr         string
	}{
		{"nothing listens", "", sysexits.TempFail, "is submit.socket started?"},
		{"no such user", greeting + ask + "S: 250 ok\nS: 250 ok\nS: 550 5.1.1 no such mailbox\n", sysexits.NoUser, "send: no such mailbox\n"},
		{"one later, one never", greeting + ask + "S: 250 ok\nS: 550 5.1.1 no such mailbox\nS: 451 4.3.0 later\n", sysexits.TempFail, "send: later\n"},
		{"not now", "S: 421 4.3.2 too busy\n", sysexits.TempFail, "too busy"},
		{"too many", greeting + ask + "S: 450 4.7.28 too many messages\nS: 503 5.5.1 no\nS: 503 5.5.1 no\n", sysexits.TempFail, "send: too many messages\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, stderr := outside(t, tt.dialogue, text, "-f", "a@b.example", "bob", "x@remote.example")
			if status != tt.status || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("got %d, %q, want %d, %q", status, stderr, tt.status, tt.stderr)
			}
		})
	}
}

// TestHandInOnce is a message for one: there is nobody who could be refused
// beside him, so that nothing is asked before it is sent.
func TestHandInOnce(t *testing.T) {
	const envelope = "C: MAIL FROM:<a@b.example>*\nC: RCPT TO:<bob@mx.example>*\nC: DATA\n"
	const text = "From: a@b.example\nDate: x\nMessage-ID: <y>\n\nx\n"
	status, stderr := outside(t, greeting+envelope+"S: 250 ok\nS: 550 5.1.1 no such mailbox\nS: 503 5.5.1 no\n", text, "-f", "a@b.example", "bob")
	if status != sysexits.NoUser || stderr != "send: no such mailbox\n" {
		t.Errorf("got %d, %q", status, stderr)
	}
}

func TestRefusal(t *testing.T) {
	ok, no, later := smtp.Say(250, smtp.NoDetail, "ok"), smtp.Say(550, smtp.NoMailbox, "no"), smtp.Say(451, smtp.OtherSystem, "later")
	tests := []struct {
		replies []smtp.Reply
		want    string
	}{
		{[]smtp.Reply{ok, ok}, ""}, {nil, ""}, {[]smtp.Reply{{}, {}}, ""},
		{[]smtp.Reply{ok, no}, "550 5.1.1 no"}, {[]smtp.Reply{no, later}, "451 4.3.0 later"},
	}
	for _, tt := range tests {
		got := ""
		if o := refusal(tt.replies); o != nil {
			got = o.String()
		}
		if got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.replies, got, tt.want)
		}
	}
}

// A listing that ends before its last line is no listing.
func TestWholeListing(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "the queue is empty\n": true, "nothing of yours is in the queue\n": true,
		"id  1K\n    waiting  a@b\n-- 1 entry, 1K: 1 new\n": true,
		"id  1K\n    waiting  a@b\n":                        false,
		"id  1K\n-- 1 ent":                                  false,
		"450 4.7.0 Too many simultaneous connections\n":     false,
		strings.Repeat("x", 100) + "\n-- 2 entries\n":       true,
	} {
		for size := 1; size < 12; size += 5 {
			var l lastLine
			for r := []byte(text); len(r) > 0; r = r[min(size, len(r)):] {
				l.Write(r[:min(size, len(r))])
			}
			if l.whole() != want {
				t.Errorf("%q by %d octets: got %v", text, size, !want)
			}
		}
	}
}
