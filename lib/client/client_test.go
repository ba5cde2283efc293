package client

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"postern/lib/smtp"
)

// letter is an envelope to some mailboxes of mx.example.
func letter(to ...string) *smtp.Envelope {
	env := &smtp.Envelope{Sender: smtp.Mailbox{Local: "from", Domain: "me.example"}}
	for _, local := range to {
		env.Recipients = append(env.Recipients, smtp.Recipient{Mailbox: smtp.Mailbox{Local: local, Domain: "mx.example"}})
	}
	return env
}

// words are the replies of a result, one line each; "-" where there is none.
func words(replies []smtp.Reply) string {
	var list []string
	for _, r := range replies {
		if r.IsZero() {
			list = append(list, "-")
		} else {
			list = append(list, r.String())
		}
	}
	return strings.Join(list, "; ")
}

func TestSend(t *testing.T) {
	tests := []struct {
		name   string
		offers []string
		lmtp   bool
		to     []string
		script string
		want   string // replies
		err    string
	}{
		{
			name: "one command at a time", to: []string{"a"},
			script: `
				C: MAIL FROM:<from@me.example>
				S: 250 2.1.0 ok
				C: RCPT TO:<a@mx.example>
				S: 250 2.1.5 ok
				C: DATA
				S: 354 go on
				C: Subject: x
				C: 
				C: text
				C: .
				S: 250 2.0.0 kept as 7`,
			want: "250 2.0.0 kept as 7",
		}, {
			name: "a group", offers: []string{"PIPELINING", "ENHANCEDSTATUSCODES"}, to: []string{"a", "b", "c"},
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: RCPT TO:<b@mx.example>
				C: RCPT TO:<c@mx.example>
				C: DATA
				S: 250 2.1.0 ok
				S: 250 2.1.5 ok
				S: 550 5.1.1 no b
				S: 452 4.5.3 too many
				S: 354 go on
				C: Subject: x
				C: 
				C: text
				C: .
				S: 250 2.0.0 kept`,
			want: "250 2.0.0 kept; 550 5.1.1 no b; 452 4.5.3 too many",
		}, {
			name: "nobody there, one at a time", to: []string{"a", "b"},
			script: `
				C: MAIL FROM:<from@me.example>
				S: 250 ok
				C: RCPT TO:<a@mx.example>
				S: 550 no a
				C: RCPT TO:<b@mx.example>
				S: 551-no
				S: 551 b`,
			want: "550 no a; 551 no b",
		}, {
			name: "nobody there, and 354 all the same", offers: []string{"PIPELINING"}, to: []string{"a"},
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: DATA
				S: 250 ok
				S: 550 no a
				S: 354 go on
				C: .
				S: 554 no recipients`,
			want: "550 no a",
		}, {
			name: "sender refused in a group", offers: []string{"PIPELINING"}, to: []string{"a", "b"},
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: RCPT TO:<b@mx.example>
				C: DATA
				S: 550 5.7.1 not from you
				S: 503 MAIL first
				S: 250 well
				S: 503 MAIL first`,
			want: "550 5.7.1 not from you; 550 5.7.1 not from you",
		}, {
			name: "DATA refused", to: []string{"a"},
			script: `
				C: MAIL FROM:<from@me.example>
				S: 250 ok
				C: RCPT TO:<a@mx.example>
				S: 250 ok
				C: DATA
				S: 451 4.3.0 not now`,
			want: "451 4.3.0 not now",
		}, {
			name: "250 to DATA is no answer", to: []string{"a"},
			script: `
				C: MAIL FROM:<from@me.example>
				S: 250 ok
				C: RCPT TO:<a@mx.example>
				S: 250 ok
				C: DATA
				S: 250 ok`,
			want: "451 4.5.0 the next server said 250, which is no answer",
		}, {
			name: "LMTP", lmtp: true, offers: []string{"PIPELINING"}, to: []string{"a", "b", "c"},
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: RCPT TO:<b@mx.example>
				C: RCPT TO:<c@mx.example>
				C: DATA
				S: 250 ok
				S: 250 ok
				S: 550 no b
				S: 250 ok
				S: 354 go on
				C: Subject: x
				C: 
				C: text
				C: .
				S: 250 a has it
				S: 452 4.2.2 c is full`,
			want: "250 a has it; 550 no b; 452 4.2.2 c is full",
		}, {
			name: "421 at RCPT", offers: []string{"PIPELINING"}, to: []string{"a", "b"},
			script: `
				C: MAIL FROM:<from@me.example>
				C: RCPT TO:<a@mx.example>
				C: RCPT TO:<b@mx.example>
				C: DATA
				S: 250 ok
				S: 250 ok
				S: 421 4.3.2 closing`,
			want: "421 4.3.2 closing; 421 4.3.2 closing",
			err:  "RCPT: the server says 421 4.3.2 closing",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			session := ready(t, test.offers, test.script, Options{LMTP: test.lmtp})
			result, err := session.Send(t.Context(), letter(test.to...), strings.NewReader("Subject: x\n\ntext\n"))
			if got := words(result.Recipients); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			checkError(t, err, test.err)
		})
	}
}

// checkError wants an error with some words in it, or none.
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestSendTwice(t *testing.T) {
	session := ready(t, []string{"PIPELINING"}, `
		C: MAIL FROM:<from@me.example>
		C: RCPT TO:<a@mx.example>
		C: DATA
		S: 250 ok
		S: 550 no a
		S: 503 no recipients
		C: RSET
		C: MAIL FROM:<from@me.example>
		C: RCPT TO:<b@mx.example>
		C: DATA
		S: 250 ok
		S: 250 ok
		S: 250 ok
		S: 354 go on
		C: two
		C: .
		S: 250 kept
		C: MAIL FROM:<from@me.example>
		C: RCPT TO:<c@mx.example>
		S: 250 ok
		S: 250 ok
		C: RSET
		S: 250 ok
		C: QUIT
		S: 221 bye`, Options{})
	first, err1 := session.Send(t.Context(), letter("a"), strings.NewReader("one"))
	second, err2 := session.Send(t.Context(), letter("b"), strings.NewReader("two"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if got := words(slices.Concat(first.Recipients, second.Recipients)); got != "550 no a; 250 kept" {
		t.Errorf("got %s", got)
	}
	asked, err := session.Ask(t.Context(), letter("c"))
	if got := words(asked); err != nil || got != "250 2.0.0 ok" {
		t.Errorf("ask: got %s, %v", got, err)
	}
	if err := session.Reset(t.Context()); err != nil {
		t.Error(err)
	}
	session.Quit(t.Context())
	if _, err := session.Hello(t.Context()); !errors.Is(err, ErrOver) {
		t.Errorf("after QUIT: got %v, want ErrOver", err)
	}
}

func TestParameters(t *testing.T) {
	env := letter("a", "ü")
	env.Size, env.Body, env.SMTPUTF8, env.Ret, env.EnvID = 1000, "8BITMIME", true, "HDRS", "a b"
	env.Recipients[0].Notify = []string{"SUCCESS", "DELAY"}
	env.Recipients[0].ORcpt = "rfc822;x+y@example.org"
	session := ready(t, []string{"SIZE 2000", "8bitmime", "SMTPUTF8", "DSN"}, `
		C: MAIL FROM:<from@me.example> SIZE=1000 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+20b
		S: 250 ok
		C: RCPT TO:<a@mx.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@example.org
		S: 250 ok
		C: RCPT TO:<ü@mx.example>
		S: 250 ok`, Options{})
	if got, err := session.Ask(t.Context(), env); err != nil || words(got) != "250 2.0.0 ok; 250 2.0.0 ok" {
		t.Errorf("got %s, %v", words(got), err)
	}
}

// A host without SMTPUTF8 is sent what it can be: an address whose local part
// is ASCII, its domain as A-labels.
func TestALabels(t *testing.T) {
	env := letter("a", "b", "ü")
	env.SMTPUTF8, env.Recipients[1].Mailbox.Domain = true, "BÜcher.example"
	session := ready(t, nil, `
		C: MAIL FROM:<from@me.example>
		S: 250 ok
		C: RCPT TO:<a@mx.example>
		S: 250 ok
		C: RCPT TO:<b@xn--bcher-kva.example>
		S: 250 ok`, Options{})
	got, err := session.Ask(t.Context(), env)
	want := "250 2.0.0 ok; 250 2.0.0 ok; 553 5.6.7 the next server does not take UTF-8 addresses"
	if err != nil || words(got) != want {
		t.Errorf("got %s, %v; want %s", words(got), err, want)
	}
}

func TestUnsendable(t *testing.T) {
	tests := []struct {
		name   string
		change func(*smtp.Envelope)
		want   string
	}{
		{"too big", func(e *smtp.Envelope) { e.Size = 2001 }, "552 5.3.4"},
		{"UTF-8", func(e *smtp.Envelope) { e.SMTPUTF8 = true }, "553 5.6.7"},
		{"UTF-8 sender", func(e *smtp.Envelope) { e.Sender.Local = "ü" }, "553 5.6.7"},
		{"UTF-8 recipient", func(e *smtp.Envelope) { e.Recipients[0].Mailbox.Local = "ü" }, "553 5.6.7"},
		{"line end in the recipient", func(e *smtp.Envelope) { e.Recipients[0].Mailbox.Domain = "x\r\nDATA" }, "553 5.1.3"},
		{"line end in the sender", func(e *smtp.Envelope) { e.Sender.Domain = "x\nDATA" }, "553 5.1.7"},
		{"no recipient", func(e *smtp.Envelope) { e.Recipients[0].Mailbox = smtp.Mailbox{} }, "553 5.1.3"},
	}
	for _, test := range tests {
		session := ready(t, []string{"SIZE 2000"}, "C: QUIT\nS: 221 bye", Options{})
		env := letter("a")
		test.change(env)
		result, err := session.Send(t.Context(), env, strings.NewReader("text"))
		if got := words(result.Recipients); err != nil || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: got %s, %v; want %s", test.name, got, err, test.want)
		}
		session.Quit(t.Context())
	}
}

// mail is the command that TestHostile is about.
const mail = "C: MAIL FROM:<from@me.example>\n"

func TestManyRecipients(t *testing.T) {
	const n = 3*maxGroup + 7
	var script strings.Builder
	var to []string
	for range n {
		to = append(to, "a")
	}
	lines := slices.Concat([]string{"MAIL FROM:<from@me.example>"}, slices.Repeat([]string{"RCPT TO:<a@mx.example>"}, n), []string{"DATA"})
	for group := range slices.Chunk(lines, maxGroup) {
		for _, line := range group {
			script.WriteString("C: " + line + "\n")
		}
		for _, line := range group {
			script.WriteString(map[bool]string{true: "S: 354 go on\n", false: "S: 250 ok\n"}[line == "DATA"])
		}
	}
	session := ready(t, []string{"PIPELINING"}, script.String()+"C: text\nC: .\nS: 250 kept", Options{})
	result, err := session.Send(t.Context(), letter(to...), strings.NewReader("text"))
	if err != nil || words(result.Recipients) != strings.TrimSuffix(strings.Repeat("250 kept; ", n), "; ") {
		t.Errorf("got %s, %v", words(result.Recipients), err)
	}
}
