package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"postern/lib/caller"
	"postern/lib/queue"
	"postern/lib/smtp"
)

// Who owns the queue is shown all of it, another his own messages.
func TestViewer(t *testing.T) {
	b := newBench(t)
	for _, ident := range []string{"", caller.Ident(1000), caller.Ident(1001)} {
		env := &smtp.Envelope{Ident: ident, Sender: anyone, Recipients: []smtp.Recipient{{Mailbox: smtp.Mailbox{Local: "x" + ident, Domain: "example.org"}}}}
		d := b.queue.Create(env)
		if err := d.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	stranger, err := viewerOf(os.Getuid()+4242, b.queue.Dir())
	if err != nil {
		t.Fatal(err)
	}
	owner, err := viewerOf(os.Getuid(), b.queue.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		v    viewer
		want string
	}{
		{"the owner", owner, "-- 3 entries"},
		{"one who handed in", viewer{caller.Ident(1000)}, "-- 1 entry"},
		{"one who did not", stranger, "nothing of yours is in the queue"},
	} {
		var out bytes.Buffer
		if err := (&config{}).show(t.Context(), b.queue, tt.v, &out); err != nil || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%s: got %q, %v; want %s", tt.name, &out, err, tt.want)
		}
	}
	if (viewer{caller.Ident(0)}).sees(queue.Info{}) {
		t.Error("a damaged entry is shown to somebody")
	}
}

func TestCallerWithoutSocket(t *testing.T) {
	b := newBench(t)
	if err := (&config{}).showCaller(t.Context(), b.queue, strings.NewReader(""), &bytes.Buffer{}); err == nil {
		t.Error("no error")
	}
}
