package main

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
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

// What a stranger is refused for by its manners or by a list, a client that may
// relay may do, and a client on this host may call itself as we do.
func TestTrustedIsNotJudged(t *testing.T) {
	local := from("127.0.0.1")
	local.server = netip.MustParseAddrPort("127.0.0.1:25")
	ourName := "S: 220 *\nC: HELO mx.test\nS: 250 *\n"
	for _, tt := range []struct {
		lines []string
		p     peer
		talk  string
	}{
		{[]string{"HeloClaims 1"}, stranger, ourName},
		{[]string{"HeloClaims 1"}, local, ourName},
		{[]string{"HeloExists 1"}, stranger, "S: 220 *\nC: HELO localhost\nS: 250 *\n"},
		{[]string{"RefuseEager 1"}, stranger, "S: 220 *\nC- EHLO client.example\\r\\nMAIL FROM:<>\\r\\n\nS: 250-...\nS: 250 *\nS: 250 *\nC: RSET\nS: 250 *\n"},
		{nil, stranger, hi},
	} {
		in := listed(t, map[string]string{"blocked": "block 192.0.2.7\n"}, append(tt.lines, "TrustedNet 192.0.2.0/28")...)
		talk(t, in, tt.p, tt.talk+wholeMail+bye)
	}
}
