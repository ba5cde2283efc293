package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"postern/lib/smtp"
)

// What becomes of mail of the null sender that fails.
func TestDoubleBounce(t *testing.T) {
	tests := []struct {
		double, local string
		place         string
		reports       string // their addresses
	}{
		{discardDouble, "no", "gone", ""},
		{keepDouble, "no", "failed fail/1", ""},
		{"busy-master@example.org", "no", "gone", "busy-master@example.org"},
		{"no-master@example.org", "no-master", "gone", ""}, // sent to it itself
		{"first-no@example.org", "no", "gone", ""},         // by way of an alias
	}
	for _, tt := range tests {
		b := newBench(t)
		b.notices.double = tt.double
		id := b.addWith(t, smtp.Mailbox{}, "", tt.local)
		b.do(t, &config{})
		var got []string
		for _, r := range b.reports(t) {
			got = append(got, r.to)
		}
		if place := b.where(t, id); place != tt.place || strings.Join(got, " ") != tt.reports {
			t.Errorf("DoubleBounce %s: %s, reports to %v", tt.double, place, got)
		}
		if !strings.Contains(b.log.String(), id+": a report, or other mail of the null sender") {
			t.Errorf("DoubleBounce %s: nothing in the log", tt.double)
		}
	}
}

// A bounce to a sender who does not exist, and reports of that to a postmaster
// who does not, come to an end.
func TestBouncesEnd(t *testing.T) {
	for _, double := range []string{discardDouble, "no-master@example.org"} {
		b := newBench(t)
		b.notices.double = double
		b.addWith(t, smtp.Mailbox{Local: "no-sender", Domain: "example.org"}, "", "no")
		for range 5 {
			b.do(t, &config{now: true})
		}
		for ref := range b.queue.All(context.Background()) {
			t.Errorf("DoubleBounce %s: %s is left in %s", double, ref.ID, ref.Place)
		}
	}
}

// Mail of the null sender that has come in is reported to nobody.
func TestDoubleBounceFromElsewhere(t *testing.T) {
	for head, want := range map[string]int{"": 1, "Received: from a by b; x\n": 0, "Delivered-To: x\nReceived: from a\n\tby b; x\n": 0, "X-Received: x\n": 1} {
		b := newBench(t)
		b.notices.double = "busy-master@example.org"
		d := b.queue.Create(&smtp.Envelope{Recipients: []smtp.Recipient{{Mailbox: smtp.Mailbox{Local: "no", Domain: "example.org"}}}})
		io.WriteString(d, head+"Subject: x\n\nReceived: y\n")
		if err := d.Commit(); err != nil {
			t.Fatal(err)
		}
		b.do(t, &config{})
		if got := len(b.reports(t)); got != want || b.where(t, d.ID()) != "gone" {
			t.Errorf("%q: %d reports, want %d; %s", head, got, want, b.where(t, d.ID()))
		}
	}
}

func TestSentTo(t *testing.T) {
	to := smtp.Mailbox{Local: "pm", Domain: "grün.example"}
	for _, tt := range []struct {
		rcpt smtp.Recipient
		want bool
	}{
		{smtp.Recipient{Mailbox: to}, true},
		{smtp.Recipient{Mailbox: smtp.Mailbox{Local: "PM", Domain: "xn--grn-ioa.Example"}}, true},
		{smtp.Recipient{Mailbox: smtp.Mailbox{Local: "pm", Domain: "x.example"}, ORcpt: "rfc822;Pm@XN--grn-ioa.example"}, true},
		{smtp.Recipient{Mailbox: smtp.Mailbox{Local: "pm", Domain: "x.example"}, ORcpt: "rfc822;a@xn--grn-ioa.example"}, false},
	} {
		if got := sentTo(&tt.rcpt, to); got != tt.want {
			t.Errorf("%+v: got %v", tt.rcpt, got)
		}
	}
}
