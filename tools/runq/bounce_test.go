package main

import (
	"context"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/deliver"
	"postern/lib/dsn"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// anyone sends the mail of these tests. What he is told stays in the queue.
var anyone = smtp.Mailbox{Local: "busy-anyone", Domain: "example.net"}

// addWith commits a message whose recipients have the NOTIFY given.
func (b *bench) addWith(t *testing.T, sender smtp.Mailbox, notify string, locals ...string) string {
	t.Helper()
	env := &smtp.Envelope{Sender: sender, EnvID: "mine", Ret: "HDRS"}
	for _, l := range locals {
		r := smtp.Recipient{Mailbox: smtp.Mailbox{Local: l, Domain: "example.org"}, ORcpt: "rfc822;first-" + l + "@example.org"}
		if notify != "" {
			r.Notify = strings.Split(notify, ",")
		}
		env.Recipients = append(env.Recipients, r)
	}
	d := b.queue.Create(env)
	defer d.Discard()
	io.WriteString(d, "Subject: x\n\ntext\n")
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	return d.ID()
}

// inQueue is a report in the queue.
type inQueue struct {
	id, to string
	text   string
}

// reports are what the queue has from the null sender.
func (b *bench) reports(t *testing.T) (list []inQueue) {
	t.Helper()
	for ref, err := range b.queue.All(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		e, err := b.queue.Take(ref)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(e.Message()); err != nil {
			t.Error(err)
		} else if e.Envelope.Sender.IsZero() && strings.Contains(string(text), "multipart/report") {
			list = append(list, inQueue{e.ID, e.Envelope.Recipients[0].Mailbox.String(), string(text)})
		}
		e.Close()
	}
	return list
}

// statusFields are the values of a field of the second part, in order.
func (r inQueue) statusFields(name string) (list []string) {
	for line := range strings.Lines(r.text) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			list = append(list, strings.TrimSpace(value))
		}
	}
	return list
}

// All that failed in one attempt is in one report.
func TestBounce(t *testing.T) {
	b := newBench(t)
	b.notices.host = "mx.example.com"
	id := b.addWith(t, anyone, "", "no1", "ok", "no2", "busy")
	b.do(t, &config{})
	if got, want := b.where(t, id), "wait told/1 done/1 told/1 wait/1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	list := b.reports(t)
	if len(list) != 1 {
		t.Fatalf("%d reports\n%v", len(list), list)
	}
	r := list[0]
	if r.id != id+"-f0" || r.to != anyone.String() {
		t.Errorf("report %s to %s", r.id, r.to)
	}
	if m, err := mail.ReadMessage(strings.NewReader(r.text)); err != nil || m.Header.Get("From") != "Mail Delivery System <MAILER-DAEMON@mx.example.com>" {
		t.Errorf("%v in\n%s", err, r.text)
	}
	for name, want := range map[string]string{
		"Final-Recipient":      "rfc822; no1@example.org,rfc822; no2@example.org",
		"Original-Recipient":   "rfc822; first-no1@example.org,rfc822; first-no2@example.org",
		"Action":               "failed,failed",
		"Status":               "5.1.1,5.1.1",
		"Original-Envelope-Id": "mine",
		"Reporting-MTA":        "dns; mx.example.com",
		"Content-Type":         "multipart/report; report-type=delivery-status;,text/plain; charset=us-ascii,message/delivery-status,text/rfc822-headers",
	} {
		if got := strings.Join(r.statusFields(name), ","); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	b.do(t, &config{now: true})
	if list := b.reports(t); len(list) != 1 {
		t.Errorf("after a second attempt there are %v", list)
	}
}

// NOTIFY is obeyed (RFC 3461 4.1).
func TestNotify(t *testing.T) {
	tests := []struct {
		notify, local string
		want          string // actions of the reports made until it is given up
	}{
		{"", "no", "failed"}, {"NEVER", "no", ""}, {"FAILURE", "no", "failed"}, {"SUCCESS", "no", ""}, {"DELAY", "no", ""},
		{"", "ok", ""}, {"NEVER", "ok", ""}, {"SUCCESS", "ok", "delivered"}, {"SUCCESS,FAILURE,DELAY", "ok", "delivered"}, {"FAILURE", "ok", ""},
		{"", "busy", "delayed failed"}, {"DELAY", "busy", "delayed"}, {"FAILURE", "busy", "failed"}, {"NEVER", "busy", ""}, {"SUCCESS", "busy", ""},
	}
	for _, tt := range tests {
		b := newBench(t)
		id := b.addWith(t, anyone, tt.notify, tt.local)
		var got []string
		for range 40 {
			b.do(t, &config{queries: []string{id}})
			for _, r := range b.reports(t) {
				got = append(got, r.statusFields("Action")...)
				b.drop(t, r.id)
			}
			b.clock = b.clock.Add(4 * time.Hour)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("NOTIFY=%s, %s: got %q, want %q", tt.notify, tt.local, s, tt.want)
		}
		if where := b.where(t, id); where != "gone" {
			t.Errorf("NOTIFY=%s, %s: %s", tt.notify, tt.local, where)
		}
	}
}

// drop removes an entry.
func (b *bench) drop(t *testing.T, id string) {
	t.Helper()
	e, err := b.queue.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	for i := range e.Envelope.Recipients {
		e.Mark(i, queue.Status{State: queue.Done})
	}
	if err := e.Remove(); err != nil {
		t.Fatal(err)
	}
}

// The sender hears of a delay with the attempt that is late, and only then.
func TestDelayNotice(t *testing.T) {
	for _, tt := range []struct {
		delay time.Duration
		want  int // the attempt that is told of; 0 for none
	}{{4 * time.Hour, 7}, {time.Hour, 5}, {0, 0}} {
		b := newBench(t)
		b.notices.delay = tt.delay
		b.addWith(t, anyone, "", "busy")
		told := 0
		for n := 1; n <= 12; n++ {
			b.do(t, &config{})
			list := b.reports(t)
			if len(list) > 0 && told == 0 {
				told = n
				if got := list[0].statusFields("Will-Retry-Until"); len(got) != 1 {
					t.Errorf("Will-Retry-Until: %v", got)
				}
			}
			if len(list) > 1 {
				t.Errorf("told again with attempt %d", n)
			}
			b.clock = b.clock.Add(backoff(n) + time.Minute)
		}
		if told != tt.want {
			t.Errorf("DelayNotice %v: told with attempt %d, want %d", tt.delay, told, tt.want)
		}
	}
}

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

// killedAfter does what a runner does up to a point at which it is killed.
func killedAfter(t *testing.T, b *bench, id string, told bool) {
	t.Helper()
	e, err := b.queue.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.Mark(0, queue.Status{State: queue.Rejected, Tries: 1, Tried: b.clock, Reply: "550 5.1.1 no"}); err != nil {
		t.Fatal(err)
	}
	if told {
		if err := b.tell(e, "f", dsn.Failed, []int{0}, e.Envelope.Sender); err != nil {
			t.Fatal(err)
		}
	}
}

// A crash before the report is made loses none; one behind it makes no second.
func TestBounceAfterKill(t *testing.T) {
	for _, told := range []bool{false, true} {
		b := newBench(t)
		id := b.addWith(t, anyone, "", "no", "ok")
		killedAfter(t, b, id, told)
		b.do(t, &config{queries: []string{id}})
		if got := b.where(t, id); got != "gone" {
			t.Errorf("told %v: %s", told, got)
		}
		if n := len(b.reports(t)); n != 1 {
			t.Errorf("told %v: %d reports", told, n)
		}
	}
}

// A report that cannot be made keeps its message in the queue.
func TestBounceFails(t *testing.T) {
	b := newBench(t)
	b.notices.double = "no address"
	id := b.addWith(t, smtp.Mailbox{}, "", "no")
	b.do(t, &config{})
	if got, want := b.where(t, id), "wait fail/1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.notices.double = discardDouble
	b.do(t, &config{now: true})
	if got := b.where(t, id); got != "gone" {
		t.Error(got)
	}
}

// The wish for a report of success ends with a host that makes none.
func TestArrival(t *testing.T) {
	local, remote := result{}, result{Host: "mx.example[192.0.2.1]"}
	silent, onward := remote, local
	silent.NoDSN, onward.Outcome = true, deliver.Outcome{Onward: true}
	tests := []struct {
		name   string
		sender smtp.Mailbox
		notify string
		res    result
		want   queue.State
	}{
		{"nothing asked", anyone, "", local, queue.Done},
		{"in a mailbox", anyone, "SUCCESS", local, queue.Arrived},
		{"sent on", anyone, "SUCCESS", onward, queue.Done},
		{"a host with DSN", anyone, "SUCCESS", remote, queue.Done},
		{"a host without", anyone, "SUCCESS", silent, queue.Arrived},
		{"a host without, nothing asked", anyone, "FAILURE", silent, queue.Done},
		{"a bounce", smtp.Mailbox{}, "SUCCESS", local, queue.Done},
	}
	for _, tt := range tests {
		env := &smtp.Envelope{Sender: tt.sender, Recipients: []smtp.Recipient{{Notify: slices.DeleteFunc([]string{tt.notify}, func(s string) bool { return s == "" })}}}
		if got := arrival(env, 0, tt.res); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// What has gone out to a host without DSN is reported as relayed.
func TestRelayed(t *testing.T) {
	b := newBench(t)
	out := deliver.Destination{Kind: deliver.Relay, Mailbox: smtp.Mailbox{Local: "x", Domain: "example.org"}}
	env := &smtp.Envelope{Sender: anyone, Recipients: []smtp.Recipient{{Mailbox: out.Mailbox, Dest: out.String(), Notify: []string{"SUCCESS"}}}}
	d := b.queue.Create(env)
	defer d.Discard()
	io.WriteString(d, "Subject: x\n\ntext\n")
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	e, err := b.queue.Get(d.ID())
	if err != nil {
		t.Fatal(err)
	}
	b.note(e, 0, result{Host: "mx.example [192.0.2.1]", NoDSN: true, Outcome: deliver.Outcome{Status: deliver.Delivered, Reply: smtp.Say(250, smtp.NoDetail, "ok")}})
	if err := b.settle(e, time.Time{}); err != nil {
		t.Fatal(err)
	}
	list := b.reports(t)
	if len(list) != 1 {
		t.Fatalf("%d reports", len(list))
	}
	got := fmt.Sprint(list[0].statusFields("Action"), list[0].statusFields("Remote-MTA"), list[0].statusFields("Diagnostic-Code"))
	if want := "[relayed] [dns; mx.example] [smtp; 250 2.0.0 ok]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The sender gets the whole answer, of which the queue keeps a part.
func TestLongAnswer(t *testing.T) {
	b := newBench(t)
	e, err := b.queue.Get(b.addWith(t, anyone, "", "no"))
	if err != nil {
		t.Fatal(err)
	}
	why := "this mail was refused, " + strings.Repeat("for reasons that are explained at length, ", 8) + "see https://example.org/why"
	b.note(e, 0, result{Host: "mx.example [192.0.2.1]", Outcome: deliver.Outcome{Status: deliver.Rejected, Reply: smtp.Say(550, smtp.NotAuthorized, why)}})
	if err := b.settle(e, time.Time{}); err != nil {
		t.Fatal(err)
	}
	list := b.reports(t)
	if len(list) != 1 || !strings.Contains(list[0].text, "https://example.org/why") {
		t.Errorf("got %v", list)
	}
}

func TestAnswer(t *testing.T) {
	tests := []struct{ text, host, reply string }{
		{"550 5.1.1 no such user", "", "550 5.1.1 no such user"},
		{"mx.example[192.0.2.1]: 550 5.1.1 no: really", "mx.example[192.0.2.1]", "550 5.1.1 no: really"},
		{"given up after 120h0m0s: mx.example[192.0.2.1]: 450 4.2.0 busy", "mx.example[192.0.2.1]", "450 4.2.0 busy"},
		{"given up after 120h0m0s: 450 4.2.0 busy", "", "450 4.2.0 busy"},
		{"", "", "554 5.0.0"},
		{"a: b: c", "", "554 5.0.0 a: b: c"},
	}
	for _, tt := range tests {
		if host, reply := parseAnswer(tt.text); host != tt.host || reply.String() != tt.reply {
			t.Errorf("%q: got %q, %q", tt.text, host, reply)
		}
	}
	for _, host := range []string{"", "mx.example [192.0.2.1]"} {
		reply := smtp.Say(550, smtp.NoMailbox, "no such user")
		got, back := parseAnswer(answer(host, reply))
		if got != strings.ReplaceAll(host, " ", "") || back.String() != reply.String() {
			t.Errorf("%q: came back as %q, %v", host, got, back)
		}
	}
}
