package deliver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"postern/lib/smtp"
)

// lmtpFake is an LMTP server whose mailboxes answer by their names.
type lmtpFake struct {
	mu       sync.Mutex
	utf8     bool // offers SMTPUTF8
	sessions int
	commands []string // MAIL and RCPT
	texts    []string
}

// serve answers sessions until the listener is closed.
func (f *lmtpFake) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.sessions++
		f.mu.Unlock()
		go f.session(c)
	}
}

func (f *lmtpFake) session(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	var rcpts []string
	say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
	say("220 lmtp ready")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		switch verb, _, _ := strings.Cut(line, " "); verb {
		case "LHLO":
			say("250-lmtp")
			if f.utf8 {
				say("250-SMTPUTF8\r\n250-8BITMIME")
			}
			say("250-PIPELINING\r\n250 ENHANCEDSTATUSCODES")
		case "MAIL":
			rcpts = nil
			f.note(&f.commands, line)
			say("250 2.1.0 ok")
		case "RCPT":
			f.note(&f.commands, line)
			if strings.Contains(line, "nosuch") {
				say("550 5.1.1 no such user")
				break
			}
			rcpts = append(rcpts, line)
			say("250 2.1.5 ok")
		case "DATA":
			say("354 go on")
			if !f.data(in) {
				return
			}
			for _, r := range rcpts {
				switch {
				case strings.Contains(r, "full"):
					say("452 4.2.2 over quota")
				case strings.Contains(r, "never"):
					say("552 5.2.2 over quota")
				case strings.Contains(r, "dies"):
					return
				default:
					say("250 2.0.0 saved")
				}
			}
		default:
			say("221 2.0.0 bye")
			return
		}
	}
}

// data reads a text.
func (f *lmtpFake) data(in *bufio.Reader) bool {
	var text string
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			f.note(&f.texts, text)
			return true
		}
		text += line
	}
}

func (f *lmtpFake) note(list *[]string, line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*list = append(*list, line)
}

// newFake starts a server on a socket, and gives its address as a rule has it.
func newFake(t *testing.T, network string) (*lmtpFake, string) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = t.TempDir() + "/s"
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f := new(lmtpFake)
	go f.serve(l)
	return f, l.Addr().String()
}

// deliverAll tries all recipients and gives what became of each.
func deliverAll(d *Deliverer, rcpts, dests []string) []Outcome {
	e := envelope(rcpts...)
	job := Job{Env: e, Again: func(int) bool { return false }, Text: func() io.ReadSeeker { return strings.NewReader(text) }}
	for i := range e.Recipients {
		e.Recipients[i].Dest = dests[i]
		job.Rcpts = append(job.Rcpts, i)
	}
	outcomes := make([]Outcome, len(e.Recipients))
	d.DeliverAll(context.Background(), job, func(i int, o Outcome) { outcomes[i] = o })
	return outcomes
}

func TestLMTP(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		in := newInstance(t, "bob")
		f, address := newFake(t, network)
		other, second := newFake(t, network)
		lmtp := ">> lmtp:" + address
		rcpts := []string{"one@x.example", "full@x.example", "bob@mx.example", "never@x.example", "nosuch@x.example", "two", "far@y.example"}
		want := []string{"250 2.0.0 saved", "452 4.2.2 over quota", "250 2.0.0 delivered", "552 5.2.2 over quota", "550 5.1.1 no such user", "250 2.0.0 saved", "250 2.0.0 saved"}
		status := []Status{Delivered, Deferred, Delivered, Rejected, Rejected, Delivered, Delivered}
		got := deliverAll(in.deliverer(), rcpts,
			[]string{lmtp, lmtp, ">> " + in.box("bob") + "/", lmtp, lmtp, lmtp, ">> lmtp:" + second})
		for i := range rcpts {
			if got[i].Status != status[i] || got[i].Reply.String() != want[i] {
				t.Errorf("%s: %s: got %v, %v, want %v, %s", network, rcpts[i], got[i].Status, got[i], status[i], want[i])
			}
		}
		if f.sessions != 1 || other.sessions != 1 || len(f.texts) != 1 {
			t.Errorf("%s: %d and %d sessions, %d messages, want one each", network, f.sessions, other.sessions, len(f.texts))
		}
		commands := "MAIL FROM:<a@sender.example>|RCPT TO:<one@x.example>|RCPT TO:<full@x.example>|RCPT TO:<never@x.example>|RCPT TO:<nosuch@x.example>|RCPT TO:<two@mx.example>"
		if got := strings.Join(f.commands, "|"); got != commands {
			t.Errorf("%s: got %s, want %s", network, got, commands)
		}
		if got := strings.ReplaceAll(f.texts[0], "\r\n", "\n"); got != text {
			t.Errorf("%s: got %q, want %q", network, got, text)
		}
	}
}

// TestLMTPWithoutUTF8 is mail that was sent with SMTPUTF8: a server without it is
// given what does not need it.
func TestLMTPWithoutUTF8(t *testing.T) {
	in := newInstance(t)
	_, address := newFake(t, "unix")
	for _, tt := range []struct {
		rcpt, text string
		want       Status
	}{
		{"one@x.example", text, Delivered},
		{"one@x.example", "Subject: plain\n\nna\u00efve\n", Delivered},
		{"one@x.example", "Subject: na\u00efve\n\nx\n", Rejected},
		{"j\u00fcrgen@x.example", text, Rejected},
	} {
		env := envelope(tt.rcpt)
		env.SMTPUTF8 = true
		env.Recipients[0].Dest = ">> lmtp:" + address
		job := Job{Env: env, Rcpts: []int{0}, Again: func(int) bool { return false }, Text: func() io.ReadSeeker { return strings.NewReader(tt.text) }}
		in.deliverer().DeliverAll(context.Background(), job, func(_ int, o Outcome) {
			if o.Status != tt.want {
				t.Errorf("%s, %q: got %v, %v", tt.rcpt, tt.text, o.Status, o)
			}
		})
	}
}

// TestLMTPWithUTF8 is a recipient in UTF-8, to whom an alias may have led from a
// sender without SMTPUTF8, before the message was taken or since.
func TestLMTPWithUTF8(t *testing.T) {
	for _, utf8 := range []bool{false, true} {
		for _, dest := range []bool{false, true} {
			in := newInstance(t)
			f, address := newFake(t, "unix")
			f.utf8 = true
			rule := ">> lmtp:" + address
			in.rules(`.*@x\.example ` + rule + "\n")
			env := envelope("j\u00fcrgen@x.example", "one@x.example")
			env.SMTPUTF8 = utf8
			for i := range env.Recipients {
				if dest {
					env.Recipients[i].Dest = rule
				}
				job := Job{Env: env, Rcpts: []int{i}, Again: func(int) bool { return false }, Text: func() io.ReadSeeker { return strings.NewReader(text) }}
				in.deliverer().DeliverAll(context.Background(), job, func(_ int, o Outcome) {
					if o.Status != Delivered {
						t.Errorf("%s, %v, %v: got %v, %v", env.Recipients[i].Mailbox, utf8, dest, o.Status, o)
					}
				})
			}
			want := "MAIL FROM:<a@sender.example> SMTPUTF8|RCPT TO:<j\u00fcrgen@x.example>|MAIL FROM:<a@sender.example>|RCPT TO:<one@x.example>"
			if got := strings.Join(f.commands, "|"); got != want {
				t.Errorf("%v, %v: got %s, want %s", utf8, dest, got, want)
			}
		}
	}
}

// TestLMTPBreaks is a server that dies between its answers: those who have
// none are tried again.
func TestLMTPBreaks(t *testing.T) {
	in := newInstance(t)
	_, address := newFake(t, "unix")
	lmtp := ">> lmtp:" + address
	got := deliverAll(in.deliverer(), []string{"one@x", "dies@x", "two@x"}, []string{lmtp, lmtp, lmtp})
	for i, want := range []Status{Delivered, Deferred, Deferred} {
		if got[i].Status != want || (want == Deferred) != (got[i].Err != nil) {
			t.Errorf("%d: got %v, %v, want %v", i, got[i].Status, got[i], want)
		}
	}
}

// TestLMTPMany is more recipients than fit in one transaction, over one
// connection.
func TestLMTPMany(t *testing.T) {
	in := newInstance(t)
	f, address := newFake(t, "unix")
	var rcpts, dests []string
	for i := range 2*smtp.SafeRecipients + 1 {
		name := "ok"
		if i == smtp.SafeRecipients+3 {
			name = "full"
		}
		rcpts, dests = append(rcpts, fmt.Sprintf("%s%d@x.example", name, i)), append(dests, ">> lmtp:"+address)
	}
	for i, o := range deliverAll(in.deliverer(), rcpts, dests) {
		if (o.Status == Delivered) != (i != smtp.SafeRecipients+3) {
			t.Errorf("%s: got %v", rcpts[i], o)
		}
	}
	if f.sessions != 1 || len(f.texts) != 3 {
		t.Errorf("%d sessions, %d messages, want 1 and 3", f.sessions, len(f.texts))
	}
}

func TestLMTPServer(t *testing.T) {
	for where, want := range map[string]string{
		"/run/lmtp": "unix /run/lmtp", "localhost": "tcp localhost:24", "mail.example:2424": "tcp mail.example:2424",
		"192.0.2.1": "tcp 192.0.2.1:24", "[2001:db8::1]": "tcp [2001:db8::1]:24", "[2001:db8::1]:99": "tcp [2001:db8::1]:99", "2001:db8::1": "tcp [2001:db8::1]:24",
	} {
		if network, address := lmtpServer(where); network+" "+address != want {
			t.Errorf("%s: got %s %s, want %s", where, network, address, want)
		}
	}
}
