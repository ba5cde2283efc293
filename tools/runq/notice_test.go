package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/deliver"
	"postern/lib/queue"
	"postern/lib/smtp"
)

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

// A crash between the attempt that is late and the report of it, or a report
// that cannot be made, does not keep it from the sender; he is told once.
func TestDelayNoticeAfterKill(t *testing.T) {
	b := newBench(t)
	id := b.addWith(t, anyone, "", "busy")
	e, err := b.queue.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	b.clock = b.clock.Add(5 * time.Hour)
	if err := e.Mark(0, queue.Status{Tries: 9, Tried: b.clock, Reply: "450 4.2.0 busy"}); err != nil {
		t.Fatal(err)
	}
	e.Close() // killed
	for range 3 {
		b.do(t, &config{queries: []string{id}})
		list := b.reports(t)
		if len(list) != 1 || list[0].id != id+"-d0" {
			t.Fatalf("reports %+v", list)
		}
		if got := b.where(t, id); !strings.HasPrefix(got, "wait late/1") {
			t.Errorf("got %s", got)
		}
	}
	b.drop(t, id+"-d0")
	b.do(t, &config{queries: []string{id}})
	if list := b.reports(t); len(list) != 0 {
		t.Errorf("told again: %+v", list)
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

// What has gone out to a host without DSN is reported as relayed, what is for
// the members of a list as expanded.
func TestSentOn(t *testing.T) {
	tests := []struct {
		kind deliver.Kind
		res  result
		want string
	}{
		{deliver.Relay, result{Host: "mx.example [192.0.2.1]", NoDSN: true}, "[relayed] [dns; mx.example] [smtp; 250 2.0.0 ok]"},
		{deliver.Expanded, result{}, "[expanded] [] [x-postern; 250 2.0.0 ok]"},
		{deliver.Discard, result{}, "[delivered] [] [x-postern; 250 2.0.0 ok]"},
	}
	for _, tt := range tests {
		b := newBench(t)
		to := deliver.Destination{Kind: tt.kind, Mailbox: smtp.Mailbox{Local: "x", Domain: "example.org"}}
		env := &smtp.Envelope{Sender: anyone, Recipients: []smtp.Recipient{{Mailbox: to.Mailbox, Dest: to.String(), Notify: []string{"SUCCESS"}}}}
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
		tt.res.Outcome = deliver.Outcome{Status: deliver.Delivered, Reply: smtp.Say(250, smtp.NoDetail, "ok")}
		b.note(e, 0, tt.res)
		if err := b.settle(e, time.Time{}); err != nil {
			t.Fatal(err)
		}
		list := b.reports(t)
		if len(list) != 1 {
			t.Fatalf("%s: %d reports", to, len(list))
		}
		got := fmt.Sprint(list[0].statusFields("Action"), list[0].statusFields("Remote-MTA"), list[0].statusFields("Diagnostic-Code"))
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", to, got, tt.want)
		}
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
