package main

import (
	"context"
	"strings"
	"testing"

	"postern/lib/queue"
)

// TestDeafToNewMail: that announcements are not heard any more is said, but not
// when that is how the work ends.
func TestDeafToNewMail(t *testing.T) {
	b := newBench(t)
	b.another().hear(context.Background(), nil, new(queue.Trigger), nil)
	if got := b.log.String(); !strings.Contains(got, "new mail waits for the next look at the queue, up to 1m0s: ") {
		t.Errorf("the log has %q", got)
	}
	b = newBench(t)
	trigger, err := b.queue.Listen()
	if err != nil {
		t.Fatal(err)
	}
	trigger.Close()
	b.another().hear(context.Background(), nil, trigger, nil)
	if got := b.log.String(); got != "" {
		t.Errorf("the log has %q", got)
	}
}
