package main

import (
	"strings"
	"testing"
)

// TICK makes BSMTP of a batch, and nothing of a session with a client.
func TestTick(t *testing.T) {
	in := newInstance(t)
	talk(t, in, stranger, hi+"C: TICK 7\nS: 250 2.0.0 7\n"+wholeMail+bye)
	in.conf.flags.batch = true
	talk(t, in, peer{local: true}, "S: 220 *\nC: TICK 7\nS: 250 2.0.0 7\n"+wholeMail+bye)
	got := unfolded(in.mailbox(t, "bob"))
	if strings.Count(got, " with BSMTP ") != 1 || strings.Count(got, " with ESMTP ") != 1 {
		t.Errorf("the mailbox has\n%s", got)
	}
}
