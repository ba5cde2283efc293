package client

import (
	"strings"
	"testing"
)

// textOf is a text for Deliver.
func textOf(t *testing.T, s string) *Text {
	t.Helper()
	text, err := NewText(strings.NewReader(s), int64(len(s)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// deliverAll sends one message to each of the recipients, whose texts are
// their names, and returns what became of them.
func deliverAll(t *testing.T, s *Session, to ...string) (string, error) {
	t.Helper()
	var told []string
	feed := func(bool) (*Message, bool) {
		if len(to) == 0 {
			return nil, false
		}
		name := to[0]
		to = to[1:]
		return &Message{letter(strings.Split(name, "+")...), textOf(t, name+"\n"), func(r Result, err error) {
			word := words(r.Recipients)
			if r.Uncertain {
				word += " uncertain"
			}
			told = append(told, name+": "+word)
		}}, len(to) > 0
	}
	err := s.Deliver(t.Context(), feed)
	return strings.Join(told, ", "), err
}

func TestDeliver(t *testing.T) {
	tests := []struct {
		name   string
		offers string
		to     string
		lmtp   bool
		script string
		want   string
		err    string
	}{
		{
			name: "no extensions", to: "a b",
			script: `
				C: MAIL FROM:<from@me.example>
				S: 250 ok
				C: RCPT TO:<a@mx.example>
				S: 250 ok
				C: DATA
				S: 354 go on
				C: a
				C: .
				S: 250 kept
				C: MAIL FROM:<from@me.example>
				S: 250 ok
				C: RCPT TO:<b@mx.example>
				S: 250 ok
				C: DATA
				S: 354 go on
				C: b
				C: .
				S: 250 kept
				C: QUIT
				S: 221 bye`,
			want: "a: 250 kept, b: 250 kept",
		}, {
			name: "the end of one with the beginning of the next", offers: "PIPELINING", to: "a b",
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: DATA
				S: 250 ok
				S: 250 ok
				S: 354 go on
				C: a
				C: .
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<b@mx.example>
				C: DATA
				S: 452 4.3.1 full
				S: 250 ok
				S: 250 ok
				S: 354 go on
				C: b
				C: .
				C: QUIT
				S: 250 kept
				S: 221 bye`,
			want: "a: 452 4.3.1 full, b: 250 kept",
		}, {
			name: "nobody takes the first one", offers: "PIPELINING", to: "a b",
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: DATA
				S: 250 ok
				S: 550 5.1.1 no a
				S: 554 nobody
				C: RSET
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<b@mx.example>
				C: DATA
				S: 250 ok
				S: 250 ok
				S: 250 ok
				S: 354 go on
				C: b
				C: .
				C: QUIT
				S: 250 kept
				S: 221 bye`,
			want: "a: 550 5.1.1 no a, b: 250 kept",
		}, {
			name: "nobody takes the second one, which is asked for", offers: "PIPELINING", to: "a b",
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: DATA
				S: 250 ok
				S: 250 ok
				S: 354 go on
				C: a
				C: .
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<b@mx.example>
				C: DATA
				S: 250 kept
				S: 250 ok
				S: 550 5.1.1 no b
				S: 354 go on
				C: .
				C: QUIT
				S: 554 nobody
				S: 221 bye`,
			want: "a: 250 kept, b: 550 5.1.1 no b",
		}, {
			name: "chunks", offers: "PIPELINING CHUNKING", to: "a b+c .d",
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: BDAT 3 LAST
				C: a
				C: RSET
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<b@mx.example>
				C: RCPT TO:<c@mx.example>
				C: BDAT 5 LAST
				C: b+c
				C: RSET
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<".d"@mx.example>
				C: BDAT 4 LAST
				C: .d
				C: QUIT
				S: 250 ok
				S: 250 ok
				S: 250 kept
				S: 250 reset
				S: 250 ok
				S: 550 5.1.1 no b
				S: 250 ok
				S: 250 kept too
				S: 250 reset
				S: 250 ok
				S: 550 5.1.1 no d
				S: 503 nobody
				S: 221 bye`,
			want: "a: 250 kept, b+c: 550 5.1.1 no b; 250 kept too, .d: 550 5.1.1 no d",
		}, {
			name: "chunks of LMTP", offers: "PIPELINING CHUNKING", to: "a+b+c", lmtp: true,
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: RCPT TO:<b@mx.example>
				C: RCPT TO:<c@mx.example>
				C: BDAT 7 LAST
				C: a+b+c
				C: QUIT
				S: 250 ok
				S: 250 ok
				S: 550 no b
				S: 250 ok
				S: 250 a has it
				S: 452 4.2.2 c is full
				S: 221 bye`,
			want: "a+b+c: 250 a has it; 550 no b; 452 4.2.2 c is full",
		}, {
			name: "chunks without PIPELINING", offers: "CHUNKING", to: "a b",
			script: `
				C: MAIL FROM:<from@me.example>
				S: 250 ok
				C: RCPT TO:<a@mx.example>
				S: 250 ok
				C: BDAT 3 LAST
				C: a
				S: 554 5.6.0 no
				C: RSET
				S: 250 reset
				C: MAIL FROM:<from@me.example>
				S: 250 ok
				C: RCPT TO:<b@mx.example>
				S: 550 no b
				C: QUIT
				S: 221 bye`,
			want: "a: 554 5.6.0 no, b: 550 no b",
		}, {
			name: "421 between two", offers: "PIPELINING", to: "a b",
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: DATA
				S: 250 ok
				S: 250 ok
				S: 354 go on
				C: a
				C: .
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<b@mx.example>
				C: DATA
				S: 250 kept
				S: 421 4.7.0 enough`,
			want: "a: 250 kept, b: 421 4.7.0 enough",
			err:  "MAIL: the server says 421",
		}, {
			name: "lost among chunks", offers: "PIPELINING CHUNKING", to: "a b",
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: BDAT 3 LAST
				C: a
				C: RSET
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<b@mx.example>
				C: BDAT 3 LAST
				C: b
				C: QUIT
				S: 250 ok
				S: 250 ok
				S: 250 kept
				S: 250 reset
				S: 250 ok`,
			want: "a: 250 kept, b: - uncertain",
			err:  "waiting for the answer to RCPT: EOF",
		}, {
			name: "lost with a refusal among chunks", offers: "PIPELINING CHUNKING", to: "a b",
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: BDAT 3 LAST
				C: a
				C: RSET
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<b@mx.example>
				C: BDAT 3 LAST
				C: b
				C: QUIT
				S: 250 ok
				S: 421 4.3.2 closing`,
			want: "a: 421 4.3.2 closing, b: -",
			err:  "RCPT: the server says 421",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			session := ready(t, strings.Fields(test.offers), test.script, Options{LMTP: test.lmtp})
			got, err := deliverAll(t, session, strings.Fields(test.to)...)
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			checkError(t, err, test.err)
			session.Quit(t.Context())
		})
	}
}

func TestTextChanges(t *testing.T) {
	session := ready(t, []string{"CHUNKING"}, `
		C: MAIL FROM:<from@me.example>
		S: 250 ok
		C: RCPT TO:<a@mx.example>
		S: 250 ok
		C: <end>`, Options{})
	text := textOf(t, "text")
	text.source, text.octets = strings.NewReader("te"), 2
	var result Result
	message := &Message{letter("a"), text, func(r Result, _ error) { result = r }}
	err := session.Deliver(t.Context(), func(bool) (*Message, bool) {
		m := message
		message = nil
		return m, false
	})
	checkError(t, err, "the message has 4 octets, not 6")
	if result.Uncertain || words(result.Recipients) != "-" {
		t.Errorf("got %+v", result)
	}
}
