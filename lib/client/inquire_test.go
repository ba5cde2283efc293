package client

import (
	"strings"
	"testing"

	"postern/lib/smtp"
)

func TestInquire(t *testing.T) {
	session := ready(t, []string{"DSN"}, `
		C: MAIL FROM:<from@me.example>
		S: 250 ok
		C: RCPT TO:<a@mx.example>
		S: 250 ok
		C: RCPT TO:<b@mx.example>
		S: 550 5.1.1 no b
		C: RSET
		S: 250 ok
		C: MAIL FROM:<>
		S: 550 5.7.1 no bounces
		C: MAIL FROM:<from@me.example>
		S: 250 ok
		C: RCPT TO:<c@mx.example>
		S: 421 4.3.2 enough`, Options{})
	env := letter("a", "b", "c")
	var got []smtp.Reply
	take := func(r smtp.Reply, err error) {
		t.Helper()
		if err != nil && !strings.Contains(err.Error(), "RCPT: the server says 421 4.3.2 enough") {
			t.Error(err)
		}
		got = append(got, r)
	}
	take(session.Mail(t.Context(), env))
	take(session.Rcpt(t.Context(), env, env.Recipients[0]))
	take(session.Rcpt(t.Context(), env, env.Recipients[1]))
	take(session.Rcpt(t.Context(), env, letter("ü").Recipients[0]))
	take(session.Mail(t.Context(), new(smtp.Envelope)))
	take(session.Mail(t.Context(), &smtp.Envelope{Sender: smtp.Mailbox{Local: "ü", Domain: "me.example"}}))
	take(session.Mail(t.Context(), env))
	take(session.Rcpt(t.Context(), env, env.Recipients[2]))
	want := "250 ok; 250 ok; 550 5.1.1 no b; 553 5.6.7 a UTF-8 address in a message without SMTPUTF8; " +
		"550 5.7.1 no bounces; 553 5.6.7 a UTF-8 address in a message without SMTPUTF8; 250 ok; 421 4.3.2 enough"
	if words(got) != want {
		t.Errorf("got %s\nwant %s", words(got), want)
	}
}
