package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"postern/lib/place"
)

// Lines and their ends may lie in several chunks; the last line may have none.
func TestChunkEnds(t *testing.T) {
	for _, tt := range []struct {
		chunks []string
		code   string
		want   string // the end of the message
	}{
		{[]string{"a: b\r\n\r\nc"}, "250 ", "\na: b\n\nc\n"},
		{[]string{"a: b\r", "\n\r", "\nc\r", "\n"}, "250 ", "\na: b\n\nc\n"},
		{[]string{"a: b\r\n\r\nc\r\n", ""}, "250 ", "\na: b\n\nc\n"},
		{[]string{"a: b\r\n\r\nc\r"}, "554 5.6.0 ", ""},
		{[]string{"a: b\r\n\r\nc\r", ""}, "554 5.6.0 ", ""},
		{[]string{"a: b\r\n\r\nc\r", "d\r\n"}, "554 5.6.0 ", ""},
	} {
		in := newInstance(t)
		rw, _ := in.session(t, stranger, false)
		say(t, rw, "MAIL FROM:<a@client.example>", "250")
		say(t, rw, "RCPT TO:<bob@mx.test>", "250")
		for i, chunk := range tt.chunks {
			last, code := "", "250"
			if i == len(tt.chunks)-1 {
				last, code = " LAST", tt.code
			}
			fmt.Fprintf(rw, "BDAT %d%s\r\n%s", len(chunk), last, chunk)
			rw.Flush()
			say(t, rw, "", code)
		}
		box := in.mailbox(t, "bob")
		if len(box) != len(tt.want)/max(1, len(tt.want)) || len(box) == 1 && !strings.HasSuffix(box[0], tt.want) {
			t.Errorf("%q: the mailbox has %q, want one that ends in %q", tt.chunks, box, tt.want)
		}
	}
}

// What could not be begun with the first chunk is not begun with the second: half
// a message is none. The next message is begun anew.
func TestChunksBehindFailure(t *testing.T) {
	in := newInstance(t, "TrustedNet 192.0.2.0/24")
	spool := place.New(in.root).Spool()
	if err := os.RemoveAll(spool); err != nil {
		t.Fatal(err)
	}
	rw, _ := in.session(t, stranger, false)
	say(t, rw, "MAIL FROM:<a@client.example>", "250")
	say(t, rw, "RCPT TO:<x@other.example>", "250")
	say(t, rw, "BDAT 6\r\na: b", "451 ")
	if err := os.MkdirAll(spool, 0o700); err != nil {
		t.Fatal(err)
	}
	say(t, rw, "BDAT 6 LAST\r\nc: d", "451 ")
	if got := decisions(t, in); len(got) != 1 || got[0].Value("verdict") != "defer" {
		t.Errorf("the log has %v", got)
	}
	say(t, rw, "MAIL FROM:<a@client.example>", "250")
	say(t, rw, "RCPT TO:<x@other.example>", "250")
	say(t, rw, "BDAT 6 LAST\r\na: b", "250 ")
}
