package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/lib/smtp"
	"postern/lib/smtptest"
	"postern/lib/sysexits"
)

// hello is how every dialogue of a ping begins.
const hello = `S: 220 mx.example
C: EHLO host.example
S: 250 mx.example
`

// times are the attributes that differ each time.
var times = regexp.MustCompile(` (connect|mail|rcpt)_time=[0-9.]+s`)

// ping runs -p against servers that play the dialogues, one for each
// connection, and returns what it says without times and the host.
func ping(t *testing.T, stdin string, dialogues []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	address := smtptest.Serve(t, smtptest.Player{}, dialogues...)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "ADDR", address)
	}
	var out, errs strings.Builder
	status = run(append([]string{"-p", "-h", "host.example", "--delay", "0"}, args...), strings.NewReader(stdin), &out, &errs)
	stdout = times.ReplaceAllString(out.String(), "")
	host, _, _ := net.SplitHostPort(address)
	for _, s := range []*string{&stdout, &stderr} {
		*s = strings.ReplaceAll(*s, "["+host+"]", "HOST")
	}
	return status, stdout, errs.String()
}

func TestPing(t *testing.T) {
	tests := []struct {
		name   string
		args   []string
		dialog string
		status int
		want   string // without what every line has
	}{
		{"accepted", []string{"ADDR", "me", "a@x", "b@x"},
			"C: MAIL FROM:<me@host.example>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 250 2.1.5 ok\nC: QUIT\nS: 221 bye", 0,
			"recipient=a@x verdict=accept reply=\"250 ok\" host=HOST tls=none phase=rcpt\n" +
				"recipient=b@x verdict=accept reply=\"250 2.1.5 ok\" host=HOST tls=none phase=rcpt\n"},
		{"one is refused", []string{"ADDR", "<>", "a@x", "b@x"},
			"C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 550 5.1.1 no b\nC: QUIT\nS: 221 bye", sysexits.NoUser,
			"recipient=a@x verdict=accept reply=\"250 ok\" host=HOST tls=none phase=rcpt\n" +
				"recipient=b@x verdict=reject reply=\"550 5.1.1 no b\" host=HOST tls=none phase=rcpt\n"},
		{"later", []string{"ADDR", "<>", "a@x", "b@x"},
			"C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 450 4.7.1 grey\nC: RCPT TO:<b@x>\nS: 550 5.7.1 go away\nC: QUIT\nS: 221 bye", sysexits.TempFail,
			"recipient=a@x verdict=defer reply=\"450 4.7.1 grey\" host=HOST tls=none phase=rcpt reason=\"it may be greylisting, which ends when the same is asked again later\"\n" +
				"recipient=b@x verdict=reject reply=\"550 5.7.1 go away\" host=HOST tls=none phase=rcpt\n"},
		{"refused by policy", []string{"ADDR", "<>", "a@x"},
			"C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 554 5.7.1 go away\nC: QUIT\nS: 221 bye", sysexits.Unavailable,
			"recipient=a@x verdict=reject reply=\"554 5.7.1 go away\" host=HOST tls=none phase=rcpt\n"},
		{"sender refused", []string{"ADDR", "me@y", "a@x"},
			"C: MAIL FROM:<me@y>\nS: 550 5.7.1 not you\nC: QUIT\nS: 221 bye", sysexits.Unavailable,
			"recipient=a@x verdict=reject reply=\"550 5.7.1 not you\" host=HOST tls=none phase=mail reason=\"our sender was refused, of the recipient nothing is known\"\n"},
		{"252", []string{"ADDR", "<>", "a@x"},
			"C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 252 perhaps\nC: QUIT\nS: 221 bye", 0,
			"recipient=a@x verdict=accept reply=\"252 perhaps\" host=HOST tls=none phase=rcpt reason=\"the server does not say whether the address exists\"\n"},
		{"354", []string{"ADDR", "<>", "a@x"},
			"C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 354 go on\nC: QUIT\nS: 221 bye", sysexits.TempFail,
			"recipient=a@x verdict=defer reply=\"451 4.5.0 the next server said 354, which is no answer\" host=HOST tls=none phase=rcpt\n"},
		{"accepts all", []string{"--probe", "ADDR", "<>", "a@x", "b@X"},
			"C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 250 ok\nC: RCPT TO:<nobody-*@x>\nS: 250 ok\nC: RCPT TO:<b@X>\nS: 250 ok\nC: QUIT\nS: 221 bye", 0,
			"recipient=a@x verdict=accept reply=\"250 ok\" host=HOST tls=none phase=rcpt accept_all=1 reason=\"the server accepts any address\"\n" +
				"recipient=b@X verdict=accept reply=\"250 ok\" host=HOST tls=none phase=rcpt accept_all=1 reason=\"the server accepts any address\"\n"},
		{"does not", []string{"--probe", "ADDR", "<>", "a@x"},
			"C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 250 ok\nC: RCPT TO:<nobody-*@x>\nS: 550 no\nC: QUIT\nS: 221 bye", 0,
			"recipient=a@x verdict=accept reply=\"250 ok\" host=HOST tls=none phase=rcpt accept_all=0\n"},
		{"too many", []string{"ADDR", "<>", "a@x", "b@x"},
			"C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 452 4.5.3 too many\nC: RSET\nS: 250 ok\nC: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: QUIT\nS: 221 bye", 0,
			"recipient=a@x verdict=accept reply=\"250 ok\" host=HOST tls=none phase=rcpt\n" +
				"recipient=b@x verdict=accept reply=\"250 ok\" host=HOST tls=none phase=rcpt\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, got, errs := ping(t, "", []string{hello + test.dialog}, test.args...)
			if got != test.want || status != test.status {
				t.Errorf("got %d\n%swant %d\n%s%s", status, got, test.status, test.want, errs)
			}
			if (errs == "") != (status == 0) {
				t.Errorf("on standard error: %q", errs)
			}
		})
	}
}

// A server that hangs up has the last word only on a connection of its own.
func TestPingAgain(t *testing.T) {
	first := hello + "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 550 no a\nC: RCPT TO:<b@x>\nS: 421 enough"
	second := hello + "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 250 ok\nC: QUIT\nS: 221 bye"
	status, got, _ := ping(t, "", []string{first, second}, "ADDR", "<>", "a@x", "b@x")
	want := "recipient=a@x verdict=reject reply=\"550 no a\" host=HOST tls=none phase=rcpt\n" +
		"recipient=b@x verdict=accept reply=\"250 ok\" host=HOST tls=none phase=rcpt\n"
	if got != want || status != sysexits.NoUser {
		t.Errorf("got %d\n%s", status, got)
	}
	dead := hello + "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 421 4.3.2 enough"
	status, got, errs := ping(t, "", []string{dead}, "ADDR", "<>", "a@x")
	if status != sysexits.TempFail || !strings.Contains(got, "verdict=defer reply=\"421 4.3.2 enough\"") || !strings.Contains(errs, "smtp: ping to a@x at ") {
		t.Errorf("got %d\n%s%s", status, got, errs)
	}
}

func TestPingInput(t *testing.T) {
	dialogue := hello + "C: MAIL FROM:<me@y>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 550 no\nC: QUIT\nS: 221 bye"
	status, got, errs := ping(t, "a@x\nspf=pass recipient=b@x verdict=old phase=old accept_all=1\n\nspf=pass\na..b\n",
		[]string{dialogue}, "-j", "1", "ADDR", "me@y")
	want := "recipient=a@x verdict=accept reply=\"250 ok\" host=HOST tls=none phase=rcpt\n" +
		"spf=pass recipient=b@x verdict=reject phase=rcpt reply=\"550 no\" host=HOST tls=none\n" +
		"input=\"\" error=\"smtp: one address a line\"\n" +
		"spf=pass error=\"smtp: no recipient\"\n"
	if !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 5 || status != sysexits.NoUser {
		t.Errorf("got %d\n%s%swant\n%s", status, got, errs, want)
	}
}

func TestPingPolicy(t *testing.T) {
	dialogue := hello + "C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@x>\nS: 250 ok\nC: RCPT TO:<b@x>\nS: 550 5.1.1 no\nC: RCPT TO:<c@x>\nS: 451 later\nC: QUIT\nS: 221 bye"
	in := "request=smtpd_access_policy\nrecipient=a@x\n\nrequest=smtpd_access_policy\nrecipient=b@x\n\nrecipient=c@x\n\nsender=q\n\n"
	_, got, _ := ping(t, in, []string{dialogue}, "-P", "ADDR")
	want := "action=DUNNO\n\naction=550 5.1.1 no\n\naction=DEFER_IF_PERMIT 4.1.1 the recipient cannot be verified now\n\naction=DUNNO\n\n"
	if got != want {
		t.Errorf("got %q", got)
	}
}

func TestPingNowhere(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := ln.Addr().String()
	ln.Close()
	var out, errs strings.Builder
	status := run([]string{"-p", "-h", "host.example", address, "<>", "a@x", "b@x"}, strings.NewReader(""), &out, &errs)
	if status != sysexits.TempFail || strings.Count(out.String(), "verdict=defer reply=\"451 4.4.1 ") != 2 || strings.Count(out.String(), "phase=connect") != 2 {
		t.Errorf("got %d\n%s%s", status, &out, &errs)
	}
}

// Destinations that share a host share what it has to bear.
func TestPingGate(t *testing.T) {
	c := newCrowd(t)
	p := &program{config: new(config), hostname: "host.example", stderr: io.Discard}
	p.pings = pingConfig{connections: 2}
	k := newPinger(p, smtp.Mailbox{})
	var all sync.WaitGroup
	for i := range 60 {
		to, err := parseDestination(c.Addr().String(), "25")
		if err != nil {
			t.Fatal(err)
		}
		to.text = fmt.Sprint("domain", i%12)
		rcpt := smtp.Recipient{Mailbox: smtp.Mailbox{Local: "a", Domain: to.text}}
		all.Go(func() {
			a := k.ask(t.Context(), k.host(to), question{to, &smtp.Envelope{Recipients: []smtp.Recipient{rcpt}}})
			if a.verdict() != "accept" {
				t.Errorf("%s: %s %s", to.text, a.reply, a.reason)
			}
		})
	}
	all.Wait()
	k.quit(t.Context())
	if n := c.asked.Load(); n != 60 {
		t.Errorf("%d questions", n)
	}
	if n := c.most.Load(); n > 2 {
		t.Errorf("%d connections at once were asked over", n)
	}
	if len(k.live) > 0 {
		t.Errorf("still counted: %v", k.live)
	}
}

// Without a destination each address goes to its own domain.
func TestPingDomains(t *testing.T) {
	zone := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(zone, []byte("null.example. IN MX 0 .\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		in     string
		status int
		want   []string
	}{
		{"a@nowhere.example\n", sysexits.NoHost, []string{`recipient=a@nowhere.example verdict=reject reply="550 5.1.2 `}},
		{"a@null.example\nb@nowhere.example\n", sysexits.NoHost, []string{
			`recipient=a@null.example verdict=reject reply="556 5.1.10 `, `recipient=b@nowhere.example verdict=reject reply="550 5.1.2 `}},
	} {
		var out, errs strings.Builder
		status := run([]string{"-p", "-h", "host.example", "-z", zone}, strings.NewReader(test.in), &out, &errs)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		for i, want := range test.want {
			if i >= len(lines) || !strings.HasPrefix(lines[i], want) || !strings.Contains(lines[i], " phase=connect ") {
				t.Errorf("got %q, want %s", lines, want)
			}
		}
		if status != test.status {
			t.Errorf("got %d, want %d %s", status, test.status, &errs)
		}
	}
}

func TestPingUsage(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-p", "--delay", "x", "a"}, `"x" is no time like`},
		{[]string{"-p", "--connections", "0"}, "option --connections: out of range"},
		{[]string{"-p", "-j", "0"}, "option -j: out of range"},
		{[]string{"-p", "-P", "-J"}, "only one of -P and -J"},
	} {
		var out, errs strings.Builder
		if status := run(test.args, strings.NewReader(""), &out, &errs); status != sysexits.Usage || !strings.Contains(errs.String(), test.want) {
			t.Errorf("%q: got %d, %q", test.args, status, &errs)
		}
	}
}

// An address that is none is bad data, whatever is to be done with it.
func TestAddressUnclear(t *testing.T) {
	for _, flags := range []string{"", "-f", "-p"} {
		for _, addresses := range []string{"b@c@ ann", "ann b@c@"} {
			args := strings.Fields(flags + " -h host.example tcp!127.0.0.1!1 " + addresses)
			var out, errs strings.Builder
			if status := run(args, strings.NewReader("x\n"), &out, &errs); status != sysexits.DataErr || !strings.Contains(errs.String(), `"b@c@": `) {
				t.Errorf("%q: got %d, %q", args, status, &errs)
			}
		}
	}
}

// crowd is a server that knows everybody whose name begins with "a", and
// counts its clients.
type crowd struct {
	net.Listener
	all         sync.WaitGroup
	now, most   atomic.Int32 // clients that ask
	began, quit atomic.Int32
	asked       atomic.Int32 // RCPT
}

func newCrowd(t *testing.T) *crowd {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &crowd{Listener: ln}
	c.all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			c.all.Go(func() { c.serve(conn) })
		}
	})
	t.Cleanup(func() { ln.Close(); c.all.Wait() })
	return c
}

func (c *crowd) serve(conn net.Conn) {
	defer conn.Close()
	c.began.Add(1)
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(conn, "220 crowd\r\n")
	in := bufio.NewScanner(conn)
	asks := false
	for in.Scan() {
		switch verb, rest, _ := strings.Cut(in.Text(), " "); {
		case verb == "QUIT":
			c.quit.Add(1)
			if asks {
				c.now.Add(-1)
			}
			io.WriteString(conn, "221 bye\r\n")
			return
		case verb == "MAIL" && !asks:
			asks = true
			c.count()
		case verb == "RCPT":
			c.asked.Add(1)
			if !strings.HasPrefix(rest, "TO:<a") {
				io.WriteString(conn, "550 5.1.1 nobody\r\n")
				continue
			}
		}
		io.WriteString(conn, "250 ok\r\n")
	}
}

// count counts one more that asks.
func (c *crowd) count() {
	now := c.now.Add(1)
	for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
	}
}

func TestPingMany(t *testing.T) {
	c := newCrowd(t)
	var in, want strings.Builder
	for i := range 500 {
		name, verdict := "a", "accept"
		if i%3 == 0 {
			name, verdict = "b", "reject"
		}
		fmt.Fprintf(&in, "%s%d@x\n", name, i)
		fmt.Fprintf(&want, "recipient=%s%d@x verdict=%s\n", name, i, verdict)
	}
	var out, errs strings.Builder
	status := run([]string{"-p", "-h", "host.example", "--delay", "0", "--connections", "3", "-j", "50", c.Addr().String()},
		strings.NewReader(in.String()), &out, &errs)
	got := regexp.MustCompile(`(?m) reply=.*$`).ReplaceAllString(out.String(), "")
	if got != want.String() || status != sysexits.NoUser {
		t.Errorf("got %d\n%.500s%s", status, got, &errs)
	}
	if c.most.Load() > 3 || c.began.Load() > 3 {
		t.Errorf("%d connections, %d at once", c.began.Load(), c.most.Load())
	}
	if c.quit.Load() != c.began.Load() {
		t.Errorf("%d of %d sessions ended with QUIT", c.quit.Load(), c.began.Load())
	}
}
