package main

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"postern/lib/smtptest"
)

const toNobody = "S: 220 *\nC: HELO client.example\nS: 250 *\nC: MAIL FROM:<a@client.example>\nS: 250 *\nC: RCPT TO:<nobody@mx.test>\nS: 550 *\n"

// What the log says of a transaction it says once: its end is news only when
// there was something to lose.
func TestRecordsOfEnds(t *testing.T) {
	const bob, quit, hangUp = "C: RCPT TO:<bob@mx.test>\nS: 250 *\n", "C: QUIT\nS: 221 *\n", "C: <end>\nS: <end>\n"
	for name, tt := range map[string]struct{ dialogue, verdicts string }{
		"all refused, QUIT":     {quit, "reject"},
		"all refused, RSET":     {"C: RSET\nS: 250 *\n" + quit, "reject"},
		"all refused, hung up":  {hangUp, "reject"},
		"one accepted, QUIT":    {bob + quit, "reject reset"},
		"one accepted, hung up": {bob + hangUp, "reject lost"},
		"one accepted, HELO":    {bob + "C: HELO client.example\nS: 250 *\nC: RCPT TO:<bob@mx.test>\nS: 503 *\n" + quit, "reject reset"},
		"one accepted, HELO and another": {bob + "C: HELO client.example\nS: 250 *\nC: MAIL FROM:<b@client.example>\nS: 250 *\n" + bob + hangUp,
			"reject reset lost"},
		"chunks refused, RSET": {bob + "C- BDAT 1\\r\\n.\nS: 250 *\nC: RSET\nS: 250 *\n" + quit, "reject reset"},
		"nobody named": {"C: RSET\nS: 250 *\nC: MAIL FROM:<b@client.example>\nS: 250 *\nC: RSET\nS: 250 *\n" + quit,
			"reject reset"},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInstance(t)
			talk(t, in, stranger, toNobody+tt.dialogue)
			var got []string
			for _, r := range decisions(t, in) {
				got = append(got, r.Value("verdict"))
			}
			if s := strings.Join(got, " "); s != tt.verdicts {
				t.Errorf("verdicts are %q, want %q:\n%s", s, tt.verdicts, in.log)
			}
		})
	}
}

// A client that keeps us busy with nothing is sent away, and fills no log.
func TestIdleCommands(t *testing.T) {
	for _, loop := range []string{"NOOP\r\n", "BDAT 0\r\n", "EHLO client.example\r\n", "MAIL FROM:<a@client.example>\r\nRSET\r\n",
		"MAIL FROM:<a@client.example>\r\nRCPT TO:<bob@mx.test>\r\nEHLO client.example\r\n"} {
		t.Run(strings.Fields(loop)[0], func(t *testing.T) {
			in := newInstance(t)
			client, server := smtptest.Pair(t)
			go in.serve(server, stranger)
			begin := "HELO client.example\r\n"
			if strings.HasPrefix(loop, "BDAT") {
				begin += "MAIL FROM:<a@client.example>\r\nRCPT TO:<bob@mx.test>\r\n"
			}
			go io.WriteString(client, begin+strings.Repeat(loop, 5*maxIdle)+"QUIT\r\n")
			text, _ := io.ReadAll(client)
			if n := strings.Count(string(text), "\r\n421 4.7.0 "); n != 1 {
				t.Errorf("%d times 421:\n%.500s", n, text)
			}
			if n := len(decisions(t, in)); n > maxIdle+1 {
				t.Errorf("%d records", n)
			}
		})
	}
}

// Messages earn patience.
func TestIdleCommandsBetweenMessages(t *testing.T) {
	in := newInstance(t)
	body, _, _ := strings.Cut(oneMail, "C: QUIT")
	hello, mail, _ := strings.Cut(body, "C: MAIL")
	text := hello
	for range 3 {
		text += strings.Repeat("C: NOOP\nS: 250 *\n", maxIdle-2) + strings.Replace("C: MAIL"+mail, "C: RCPT TO:<nobody@mx.test>\nS: 550 *\n", "", 1)
	}
	talk(t, in, stranger, text+"C: QUIT\nS: 221 *\n")
	if n := len(in.mailbox(t, "bob")); n != 3 {
		t.Error(fmt.Sprint(n, " messages came, want 3"))
	}
}
