package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"postern/lib/smtptest"
)

// TestGreylistFlag is -g: a client comes, is told to come again, does, and is
// let through; the log says what the lists said.
func TestGreylistFlag(t *testing.T) {
	in := newInstanceOf(t, &flags{greylist: true})
	first := time.Now()
	now := first
	in.now = func() time.Time { return now }
	for _, step := range []struct {
		after time.Duration
		reply string
	}{{0, "451 4.7.1 *"}, {time.Minute, "451 4.7.1 *"}, {6 * time.Minute, "250 *"}, {7 * time.Minute, "250 *"}} {
		now = first.Add(step.after)
		smtptest.Run(t, step.after.String(), hi+fromA+"C: RCPT TO:<bob@mx.test>\nS: "+step.reply+"\n"+bye,
			smtptest.Player{Side: smtptest.Client}, func(c net.Conn) { in.serve(c, stranger) })
	}
	for _, want := range []string{"greylist=new greylist_wait=300", "greylist=early greylist_wait=240", "check=greylist"} {
		if !strings.Contains(in.log.String(), want) {
			t.Errorf("the log does not say %s:\n%s", want, in.log)
		}
	}
	list, err := in.conf.openGreylist().Whitelist(nil)
	if err != nil || len(list) != 1 || list[0].Delay != 6*time.Minute {
		t.Errorf("the whitelist is %v, %v", list, err)
	}
}
