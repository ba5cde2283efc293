package deliver

import (
	"context"
	"os"
	"strings"
	"testing"

	"postern/lib/e2e"
)

// A queue that belongs to a user without root's rights cannot make root write
// where no rule leads.
func TestForeignQueue(t *testing.T) {
	e2e.NeedRoot(t)
	in := newInstance(t, "bob")
	in.aliases("box: " + in.root + "/mbox\nbob: box\n")
	d := in.deliverer()
	if err := os.MkdirAll(d.config.Queue, 0o700); err != nil {
		t.Fatal(err)
	}
	e2e.GiveAway(t, d.config.Queue)
	tests := []struct {
		rcpt, dest string
		status     Status
	}{
		{"box@mx.example", ">>+ " + in.root + "/mbox", Delivered},
		{"box@mx.example", ">>+ " + in.root + "/other", Deferred},
		{"bob@mx.example", ">> " + in.box("bob") + "/", Delivered},
		{"nosuch@mx.example", ">>+ " + in.root + "/etc/passwd", Deferred},
		{"x@remote.example", ">> /dev/null", Deferred},
	}
	for _, tt := range tests {
		env := envelope(tt.rcpt)
		env.Recipients[0].Dest = tt.dest
		o := d.Deliver(context.Background(), env, 0, strings.NewReader(text), false)
		if o.Status != tt.status {
			t.Errorf("%s to %s: %v, %s, want %v", tt.rcpt, tt.dest, o.Status, o, tt.status)
		}
		if tt.status == Deferred && !strings.Contains(o.Reply.String(), "no longer lead") {
			t.Errorf("%s to %s: %s", tt.rcpt, tt.dest, o)
		}
	}
	for _, name := range []string{"/other", "/etc/passwd"} {
		if _, err := os.Stat(in.root + name); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}
