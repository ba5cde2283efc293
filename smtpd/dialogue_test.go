package main

import (
	"net"
	"testing"

	"postern/lib/smtptest"
)

// Each dialogue is about one thing, which its file's name says. The client is
// a stranger.
func TestDialogues(t *testing.T) {
	in := newInstance(t)
	smtptest.RunFiles(t, "testdata/dialogues/*.txt", smtptest.Player{Side: smtptest.Client}, func(c net.Conn) {
		in.serve(c, stranger)
	})
}
