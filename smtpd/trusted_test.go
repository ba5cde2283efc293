package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"postern/lib/queue"
	"postern/lib/smtptest"
)

// Who may name recipients without a limit may name no more than the queue
// can hold: the rest is for another copy.
func TestTrustedMaxRcpts(t *testing.T) {
	in := newInstance(t, "TrustedNet 192.0.2.0/28")
	client, server := smtptest.Pair(t)
	go in.serve(server, stranger)
	client.SetDeadline(time.Now().Add(time.Minute))
	go func() {
		w := bufio.NewWriter(client)
		io.WriteString(w, "HELO client.example\r\nMAIL FROM:<>\r\n")
		for i := range queue.MaxRecipients + 1 {
			fmt.Fprintf(w, "RCPT TO:<%d@other.example>\r\n", i)
		}
		io.WriteString(w, "DATA\r\n.\r\nQUIT\r\n")
		w.Flush()
	}()
	text, err := io.ReadAll(client)
	if err != nil {
		t.Fatal(err)
	}
	tail := string(text[max(0, len(text)-300):])
	if !strings.Contains(tail, "\r\n452 4.5.3 ") || !strings.Contains(tail, "\r\n250 2.0.0 accepted as ") {
		t.Errorf("the last replies are %q", tail)
	}
}
