package main

import (
	"context"
	"fmt"
	"io"
	"net/mail"
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
	if !strings.HasPrefix(r.id, id+"-f0-") || r.to != anyone.String() {
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

// Reports about the same recipients have one name, others another.
func TestReportID(t *testing.T) {
	seen := map[string]string{}
	for range 2 {
		for _, kind := range []string{"f", "d"} {
			for _, rcpts := range [][]int{{0}, {1}, {10}, {0, 1}, {0, 2}, {0, 1, 2}, {1, 0}} {
				id, what := reportID("x", kind, rcpts), fmt.Sprint(kind, rcpts)
				if was, ok := seen[id]; ok && was != what || !queue.ValidID(id) {
					t.Errorf("%s is %s and %s", id, was, what)
				}
				seen[id] = what
			}
		}
	}
	if len(seen) != 14 {
		t.Errorf("%d names for 14 reports: %v", len(seen), seen)
	}
	if a, b := reportID(strings.Repeat("x", 63), "f", []int{0}), reportID(strings.Repeat("x", 63), "f", []int{0}); a == b || !queue.ValidID(a) {
		t.Errorf("%s, %s", a, b)
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

// Who fails behind such a crash is told of too, though a report about the first
// is there.
func TestBounceOfMoreAfterKill(t *testing.T) {
	b := newBench(t)
	id := b.addWith(t, anyone, "", "no1", "no2", "ok")
	killedAfter(t, b, id, true)
	b.do(t, &config{queries: []string{id}})
	if got := b.where(t, id); got != "gone" {
		t.Error(got)
	}
	var told []string
	for _, r := range b.reports(t) {
		told = append(told, r.statusFields("Final-Recipient")...)
	}
	if got := strings.Join(told, ","); !strings.Contains(got, "no2@example.org") {
		t.Errorf("the sender was told of %s", got)
	}
}

// A report that cannot be made keeps its message in the queue, and is an error
// of the whole run.
func TestBounceFails(t *testing.T) {
	b := newBench(t)
	b.notices.double = "no address"
	id := b.addWith(t, smtp.Mailbox{}, "", "no")
	r := b.another()
	if err := r.pass(t.Context(), r.due(t.Context())); err == nil || !strings.HasPrefix(err.Error(), id+": nobody was told: ") {
		t.Errorf("got %v", err)
	}
	if got, want := b.where(t, id), "wait fail/1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b.notices.double = discardDouble
	b.do(t, &config{now: true})
	if got := b.where(t, id); got != "gone" {
		t.Error(got)
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
