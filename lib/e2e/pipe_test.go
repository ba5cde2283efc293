package e2e

import (
	"os"
	"os/exec"
	"testing"
)

// TestLogReaderGone has a message delivered when nobody reads the log any
// more: the client hears of it, and does not send it again.
func TestLogReaderGone(t *testing.T) {
	in := newInstance(t)
	client, served := in.pair()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t, "smtpd"))
	cmd.Env, cmd.Dir = in.env(), in.root
	cmd.Stdin, cmd.Stdout, cmd.Stderr = served, served, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{served, r, w} {
		f.Close()
	}
	c := converse(t, client)
	c.expect("220 ")
	for _, say := range [][2]string{{"HELO client.example.net", "250 "}, {"MAIL FROM:<joe@example.net>", "250 "},
		{"RCPT TO:<ann@" + hostname + ">", "250 "}, {"DATA", "354 "}, {"Subject: x\r\n.", "250 "}, {"QUIT", "221 "}} {
		c.ask(say[0], say[1])
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if n := len(in.messages("ann")); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}
