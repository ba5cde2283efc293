package client

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"postern/lib/smtp"
	"postern/lib/tlsconf"
)

func TestHostile(t *testing.T) {
	tests := []struct {
		name   string
		offers string
		script string
		tls    bool
		want   string
		is     error
	}{
		{"text behind STARTTLS", "STARTTLS", "C: STARTTLS\nS: 220 go on\nS: 250 injected\nC: <end>", true, "text in the clear behind STARTTLS", ErrOutOfStep},
		{"STARTTLS refused", "STARTTLS", "C: STARTTLS\nS: 454 no\nC: <end>", true, "STARTTLS: the server says 454 no", nil},
		{"no handshake", "STARTTLS", "C: STARTTLS\nS: 220 go on", true, "TLS handshake", ErrHandshake},
		{"speaks unasked", "X", mail + "S: 250 ok\nS: 250 ok\nC: <end>", false, "out of step: it speaks unasked", ErrOutOfStep},
		{"codes disagree", "X", mail + "S: 250-ok\nS: 550 no\nC: <end>", false, "different codes in one reply", smtp.ErrReply},
		{"endless reply", "X", mail + strings.Repeat("S: 250-and\n", 1000) + "C: <end>", false, "too many lines", smtp.ErrReply},
		{"endless line", "X", mail + "S: 250-\\{5000 x}\nC: <end>", false, "not an SMTP reply", smtp.ErrReply},
		{"NUL in a reply", "X", mail + "S: 250 o\\x00k\nC: <end>", false, "not an SMTP reply", smtp.ErrReply},
		{"bare LF", "X", mail + "S- 250 ok\\n\nC: <end>", false, "not an SMTP reply", smtp.ErrReply},
		{"hangs up at MAIL", "X", mail, false, "waiting for the answer to MAIL: EOF", io.EOF},
		{"hangs up in a reply", "X", mail + "S: 250-ok", false, "unexpected EOF", io.ErrUnexpectedEOF},
		{"hangs up behind MAIL", "X", mail + "S: 250 ok", false, "", nil},
		{"silent", "X", mail + "C: <end>", false, "i/o timeout", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			session := ready(t, []string{test.offers}, test.script, Options{Command: 300 * time.Millisecond})
			var err error
			if test.tls {
				_, err = session.StartTLS(t.Context(), tlsconf.Policy{}.Config())
			} else {
				var result Result
				result, err = session.Send(t.Context(), letter("a"), strings.NewReader("text"))
				if got := words(result.Recipients); got != "-" || result.Uncertain {
					t.Errorf("got %s, uncertain %v", got, result.Uncertain)
				}
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}

// openText is the envelope of a message that the server wants.
const openText = `
	C: MAIL FROM:<from@me.example>
	S: 250 ok
	C: RCPT TO:<a@mx.example>
	S: 250 ok
	C: DATA
	S: 354 go on
`

func TestLostAnswer(t *testing.T) {
	session := ready(t, nil, openText+"C: text\nC: .", Options{})
	result, err := session.Send(t.Context(), letter("a"), strings.NewReader("text\n"))
	if !result.Uncertain || words(result.Recipients) != "-" {
		t.Errorf("got %+v", result)
	}
	checkError(t, err, "waiting for the answer to the message: EOF")
}

func TestRefusedAmidText(t *testing.T) {
	session := ready(t, nil, openText+"C: first\nS: 552 5.3.4 too big", Options{})
	endless := io.MultiReader(strings.NewReader("first\n"), io.LimitReader(zeroes{}, 1<<30))
	result, err := session.Send(t.Context(), letter("a"), endless)
	if err == nil || errors.Is(err, ErrOutOfStep) || result.Uncertain {
		t.Errorf("got error %v, uncertain %v", err, result.Uncertain)
	}
	// Whether the words arrive before the reset is not ours to say.
	if got := words(result.Recipients); got != "552 5.3.4 too big" && got != "-" {
		t.Errorf("got %s", got)
	}
}

// zeroes is a text of one line without an end.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestServerDoesNotRead(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	session, err := Dial(t.Context(), "tcp", listener.Addr().String(), Options{DataBlock: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	message := session.newTransaction(letter("a"), &Text{stream: io.LimitReader(zeroes{}, 1<<30)})
	message.taken = []int{0}
	err = message.queueEnd(t.Context())
	checkError(t, err, "i/o timeout")
}

func TestTextFails(t *testing.T) {
	tests := []struct {
		name string
		text io.Reader
		want string
	}{
		{"read error", iotest.ErrReader(errors.New("disk on fire")), "reading the message: disk on fire"},
		{"bare CR", strings.NewReader("a\rb\n"), "bare CR"},
		{"CR at the end", strings.NewReader("a\r"), "bare CR"},
	}
	for _, test := range tests {
		session := ready(t, nil, openText+"C: <end>", Options{})
		result, err := session.Send(t.Context(), letter("a"), test.text)
		checkError(t, err, test.want)
		if got := words(result.Recipients); got != "-" {
			t.Errorf("%s: got %s", test.name, got)
		}
	}
}

func TestCancel(t *testing.T) {
	session := ready(t, nil, mail+"C: <end>", Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := session.Send(ctx, letter("a"), strings.NewReader("text"))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := session.Send(t.Context(), letter("a"), strings.NewReader("text")); !errors.Is(err, ErrOver) {
		t.Errorf("afterwards: got %v, want ErrOver", err)
	}
}
