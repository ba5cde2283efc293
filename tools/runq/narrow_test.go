package main

import (
	"strings"
	"testing"
	"time"

	"postern/lib/deliver"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// wideReport puts a report in 8 bits into the queue.
func wideReport(t *testing.T, b *bench) string {
	t.Helper()
	d := b.queue.Create(&smtp.Envelope{Sender: anyone, Body: "8BITMIME", Recipients: []smtp.Recipient{{Mailbox: smtp.Mailbox{Local: "no", Domain: "example.org"}}}})
	d.Write([]byte("Subject: x\n\nna\xefve\n"))
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	b.do(t, &config{})
	list := b.reports(t)
	if len(list) != 1 || !strings.Contains(list[0].text, "\xef") {
		t.Fatalf("reports %+v", list)
	}
	return list[0].id
}

// A report that the next host refuses for its 8 bits arrives without them.
func TestNarrow(t *testing.T) {
	for _, detail := range []smtp.Detail{smtp.ConversionUnsupported, smtp.NoMailbox} {
		b := newBench(t)
		id := wideReport(t, b)
		e, err := b.queue.Get(id)
		if err != nil {
			t.Fatal(err)
		}
		b.note(e, 0, result{Host: "mx.example[192.0.2.1]", Outcome: deliver.Outcome{Status: deliver.Rejected, Reply: smtp.Say(554, detail, "no")}})
		if err := b.settle(e, time.Time{}); err != nil {
			t.Fatal(err)
		}
		list := b.reports(t)
		if detail != smtp.ConversionUnsupported {
			if len(list) != 0 || !strings.Contains(b.log.String(), "DoubleBounce") {
				t.Errorf("%v: %+v", detail, list)
			}
			continue
		}
		if len(list) != 1 || list[0].id != id+"-n0" || list[0].to != anyone.String() || strings.Contains(list[0].text, "\xef") ||
			!strings.Contains(list[0].text, "Content-Type: text/rfc822-headers\n") {
			t.Fatalf("reports %+v", list)
		}
		again, err := b.queue.Get(list[0].id)
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		if again.Envelope.Body != "7BIT" || again.Status(0).State != queue.Waiting {
			t.Errorf("envelope %+v, %v", again.Envelope, again.Status(0))
		}
	}
}
