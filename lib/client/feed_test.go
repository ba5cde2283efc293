package client

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"postern/lib/smtp"
	"postern/lib/smtptest"
)

// writes counts the writes to a connection.
type writes struct {
	net.Conn
	n *int
}

func (w writes) Write(p []byte) (int, error) {
	*w.n++
	return w.Conn.Write(p)
}

// TestWrites counts what ten short messages cost: EHLO, then two writes and one
// more for each message by DATA, one for every four by BDAT.
func TestWrites(t *testing.T) {
	for offers, want := range map[string]int{
		"":                    1 + 10*4 + 1,
		"PIPELINING":          1 + 1 + 10,
		"PIPELINING CHUNKING": 1 + 3,
	} {
		us, them := smtptest.Pair(t)
		n := 0
		s := New(writes{us, &n}, Options{Name: "me.example"})
		go obey(them, strings.Fields(offers))
		if _, err := s.Greet(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Hello(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, err := deliverAll(t, s, strings.Fields("a b c d e f g h i j")...)
		if err != nil || strings.Count(got, "250") != 10 {
			t.Errorf("%q: got %s, %v", offers, got, err)
		}
		s.Quit(t.Context())
		if n != want {
			t.Errorf("%q: got %d writes, want %d", offers, n, want)
		}
	}
}

// obey is a server that takes everything.
func obey(conn net.Conn, offers []string) {
	defer conn.Close()
	fmt.Fprint(conn, "220 x\r\n")
	r := smtp.NewReader(conn)
	for {
		line, err := r.Line(1000)
		if err != nil {
			return
		}
		switch verb(string(line)) {
		case "EHLO":
			fmt.Fprintf(conn, "250-%s\r\n250 x\r\n", strings.Join(append([]string{"x"}, offers...), "\r\n250-"))
		case "DATA":
			fmt.Fprint(conn, "354 go on\r\n")
			r.Text(new(strings.Builder), smtp.TextOptions{})
			fmt.Fprint(conn, "250 kept\r\n")
		case "BDAT":
			var size int64
			fmt.Sscanf(string(line), "BDAT %d LAST", &size)
			r.Discard(size)
			fmt.Fprint(conn, "250 kept\r\n")
		case "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			return
		default:
			fmt.Fprint(conn, "250 ok\r\n")
		}
	}
}

// TestFeedThatWaits has a message come only when it is waited for.
func TestFeedThatWaits(t *testing.T) {
	session := ready(t, []string{"PIPELINING"}, strings.Repeat(`
		C: MAIL FROM:<from@me.example>
		C: RCPT TO:<a@mx.example>
		C: DATA
		S: 250 ok
		S: 250 ok
		S: 354 go on
		C: text
		C: .
		S: 250 kept`, 2)+"\nC: QUIT\nS: 221 bye", Options{})
	left, told := 2, 0
	err := session.Deliver(t.Context(), func(wait bool) (*Message, bool) {
		if !wait || left == 0 {
			return nil, left > 0 || !wait
		}
		left--
		return &Message{letter("a"), textOf(t, "text"), func(Result, error) { told++ }}, true
	})
	if err != nil || told != 2 {
		t.Errorf("got %d, %v", told, err)
	}
	session.Quit(t.Context())
}
