package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/lib/smtptest"
)

// zone is the DNS of the tests: the hosts of d.test are 127.0.0.2 and 127.0.0.3.
const zone = `
d.test.       MX 10 a.test.
d.test.       MX 20 b.test.
a.test.       A 127.0.0.2
b.test.       A 127.0.0.3
null.test.    MX 0 .
two.test.     A 127.0.0.2
two.test.     A 127.0.0.3
three.test.   A 127.0.0.2
three.test.   A 127.0.0.3
three.test.   A 127.0.0.4
me.test.      MX 10 me.test.
me.test.      A 192.0.2.1
;! servfail broken.test
`

const (
	// greeting is a session up to the envelope.
	greeting = "S: 220 x\nC: EHLO me.test\nS: 250-x\nS: 250 PIPELINING\n"
	// taking takes one message for bob.
	taking = greeting + `C: MAIL FROM:<ann@me.test>
C: RCPT TO:<bob@d.test>
C: DATA
S: 250 ok
S: 250 ok
S: 354 go on
C: *
C: *
C: *
C: *
C: 
C: hello
C: .
C: QUIT
S: 250 2.0.0 kept
S: 221 bye
`
)

// letterText is a message to which nothing is added.
const letterText = `Date: Sat, 21 Nov 2026 05:00:00 +0000
From: ann@me.test
To: bob@d.test
Message-ID: <1@me.test>

hello
`

// hosts plays the dialogues of a host each: the first is 127.0.0.2. Nobody
// listens for a host without any. It returns their port.
func hosts(t *testing.T, dialogues ...[]string) (port string) {
	t.Helper()
	return hostsWith(t, smtptest.ServerConfig(t, "a.test"), dialogues...)
}

// hostsWith is hosts with a certificate.
func hostsWith(t *testing.T, config *tls.Config, dialogues ...[]string) (port string) {
	t.Helper()
	first, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("no 127.0.0.2 to listen on: %v", err)
	}
	_, port, _ = net.SplitHostPort(first.Addr().String())
	if len(dialogues) == 0 || dialogues[0] == nil {
		first.Close()
	} else {
		play(t, first, config, dialogues[0])
	}
	for i := 1; i < len(dialogues); i++ {
		if dialogues[i] == nil {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:%s", i+2, port))
		if err != nil {
			t.Fatal(err)
		}
		play(t, l, config, dialogues[i])
	}
	return port
}

// play plays dialogues on a listener, one on each connection.
func play(t *testing.T, l net.Listener, config *tls.Config, dialogues []string) {
	player := smtptest.Player{Side: smtptest.Server, TLS: config}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i, text := range dialogues {
			d, err := smtptest.Parse(fmt.Sprintf("%s %d", l.Addr(), i+1), strings.NewReader(text))
			if err != nil {
				t.Error(err)
				return
			}
			conn, err := l.Accept()
			if err != nil {
				t.Errorf("%s: nobody came", d.Name)
				return
			}
			if err := player.Play(d, conn); err != nil {
				t.Error(err)
			}
		}
	}()
	t.Cleanup(func() {
		select {
		case <-done:
		case <-time.After(2 * time.Second):
		}
		l.Close()
		<-done
	})
}

// zoneFile writes the zone.
func zoneFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(name, []byte(zone), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// smtpTo runs smtp with the tests' DNS and name. The lines of the results come
// back without what is the same in all.
func smtpTo(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"-z", zoneFile(t), "--local", "-h", "me.test", "--timeout", "5"}, args...)
	status = run(args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

func TestNextHost(t *testing.T) {
	for name, first := range map[string][]string{
		"no connection":       nil,
		"banner 554":          {"S: 554 no"},
		"banner 421":          {"S: 421 later"},
		"banner 250":          {"S: 250 hello"},
		"no SMTP":             {"S: SSH-2.0-x"},
		"hangs up":            {"S: <end>"},
		"450 to EHLO":         {"S: 220 x\nC: EHLO me.test\nS: 450 later\nC: QUIT\nS: 221 bye"},
		"550 to EHLO, HELO":   {"S: 220 x\nC: EHLO me.test\nS: 550 no\nC: HELO me.test\nS: 550 no\nC: QUIT\nS: 221 bye"},
		"hangs up at EHLO":    {"S: 220 x\nC: EHLO me.test"},
		"codes that disagree": {"S: 220 x\nC: EHLO me.test\nS: 250-x\nS: 550 y\nC: <end>"},
	} {
		t.Run(name, func(t *testing.T) {
			port := hosts(t, first, []string{taking})
			status, stdout, stderr := smtpTo(t, letterText, "net!d.test!"+port, "ann@me.test", "bob@d.test")
			want := `recipient=bob@d.test verdict=accept reply="250 2.0.0 kept" host=b.test[127.0.0.3] tls=none` + "\n"
			if status != 0 || stdout != want || stderr != "" {
				t.Errorf("got %d, %s%s", status, stdout, stderr)
			}
		})
	}
}

// TestNextAddress has the second address of a host take what the first does not.
func TestNextAddress(t *testing.T) {
	port := hosts(t, []string{"S: 421 later"}, []string{"S: 421 later"})
	status, stdout, stderr := smtpTo(t, letterText, "-d", "tcp!two.test!"+port, "ann@me.test", "bob@d.test")
	if status != 75 || strings.Count(stderr, "connected to two.test[127.0.0.") != 2 {
		t.Errorf("got %d, %s%s", status, stdout, stderr)
	}
}

// TestNoHost has no host talk to us.
func TestNoHost(t *testing.T) {
	tests := []struct {
		name   string
		to     string // ! stands for the port
		first  []string
		second []string
		status int
		want   string
	}{
		{"nobody", "net!d.test!", nil, nil, 75, `verdict=defer reply="451 4.4.1 the next server does not answer" reason=`},
		{"all for good", "net!d.test!", []string{"S: 554 5.7.1 not you"}, []string{"S: 550 never"}, 67, `verdict=reject reply="550 never" host=b.test[127.0.0.3]`},
		{"one for now", "net!d.test!", []string{"S: 421 4.3.2 later"}, []string{"S: 554 never"}, 75, `verdict=defer reply="421 4.3.2 later" reason="a.test[127.0.0.2]: said to the connection"`},
		{"no domain", "nosuch.test", nil, nil, 68, `verdict=reject reply="550 5.1.2 no such domain or host"`},
		{"null MX", "null.test", nil, nil, 68, `verdict=reject reply="556 5.1.10 the domain takes no mail"`},
		{"DNS fails", "broken.test", nil, nil, 75, `verdict=defer reply="451 4.4.3 the domain cannot be looked up now"`},
		{"ourselves", "me.test", nil, nil, 69, `verdict=reject reply="554 5.4.6 the mail loops back to this host"`},
		{"no such host", "tcp!nosuch.test", nil, nil, 68, `verdict=reject reply="550 5.1.2 no such domain or host"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			to := test.to
			if strings.HasSuffix(to, "!") {
				to += hosts(t, test.first, test.second)
			}
			status, stdout, _ := smtpTo(t, letterText, to, "ann@me.test", "bob@d.test")
			if status != test.status || !strings.HasPrefix(stdout, "recipient=bob@d.test "+test.want) {
				t.Errorf("got %d, %s", status, stdout)
			}
		})
	}
}

// An address that stands in a recipient's is no way to where no domain's mail
// may go; one that the operator names is.
func TestGivenAddress(t *testing.T) {
	for to, want := range map[string]int{
		"[127.0.0.2]": 0, "net![127.0.0.2]": 69, "net!127.0.0.2": 69, "net![0.0.0.0]": 69, "net![169.254.1.1]": 69,
		"net![255.255.255.255]": 69, "net![IPv6:::1]": 69, "net![IPv6:::ffff:127.0.0.1]": 69, "net![192.0.2.77]": 0,
	} {
		var out, errs bytes.Buffer
		status := run([]string{"-n", "-h", "me.test", "-z", zoneFile(t), to}, strings.NewReader(""), &out, &errs)
		if status != want || want != 0 && !strings.Contains(errs.String(), "550 5.4.4 ") {
			t.Errorf("%s: exit %d, want %d: %s%s", to, status, want, &out, &errs)
		}
	}
}

// TestPlan prints where mail would go.
func TestPlan(t *testing.T) {
	tests := []struct {
		to, want string
		status   int
	}{
		{"d.test", "host=a.test[127.0.0.2] tls=may\nhost=b.test[127.0.0.3] tls=may\n", 0},
		{"tcp!b.test!26", "host=b.test[127.0.0.3] tls=may\n", 0},
		{"[IPv6:::1]", "host=[::1] tls=may\n", 0},
		{"unix!/run/x", "host=/run/x tls=may\n", 0},
		{"nosuch.test", "", 68},
		{"broken.test", "", 75},
	}
	for _, test := range tests {
		status, stdout, stderr := smtpTo(t, "", "-ns", "--no-sts", test.to)
		if status != test.status || stdout != test.want || (stderr == "") != (status == 0) {
			t.Errorf("%s: got %d, %s%s", test.to, status, stdout, stderr)
		}
	}
}

func TestGateway(t *testing.T) {
	port := hosts(t, []string{taking})
	status, stdout, _ := smtpTo(t, letterText, "-g", "127.0.0.2", "net!nosuch.test!"+port, "ann@me.test", "bob@d.test")
	if status != 0 {
		t.Errorf("got %d, %s", status, stdout)
	}
	// A domain that has hosts, which do not answer, is no matter of the gateway.
	port = hosts(t, nil)
	if status, stdout, _ := smtpTo(t, letterText, "-g", "127.0.0.3", "net!d.test!"+port, "ann@me.test", "bob@d.test"); status != 75 {
		t.Errorf("got %d, %s", status, stdout)
	}
}

func TestBusted(t *testing.T) {
	port := hosts(t, nil, []string{taking})
	status, stdout, stderr := smtpTo(t, letterText, "-d", "-b", "A.test.", "net!d.test!"+port, "ann@me.test", "bob@d.test")
	if status != 0 || strings.Contains(stderr, "a.test") {
		t.Errorf("got %d, %s%s", status, stdout, stderr)
	}
}

func TestSource(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("no 127.0.0.2 to listen on: %v", err)
	}
	defer l.Close()
	peers := make(chan net.Addr, 1)
	go func() {
		conn, err := l.Accept()
		if err == nil {
			peers <- conn.RemoteAddr()
			conn.Close()
		}
	}()
	status, stdout, _ := smtpTo(t, letterText, "-S", "127.0.0.9", "-S", "::1", l.Addr().String(), "a@b.test", "c@d.test")
	if got := (<-peers).String(); status != 75 || !strings.HasPrefix(got, "127.0.0.9:") {
		t.Errorf("came from %s: %d, %s", got, status, stdout)
	}
}

func TestAutistic(t *testing.T) {
	port := hosts(t, []string{"C: NOOP\n" + strings.Replace(taking, "S: 220 x\n", "S: 220 x\nS: 250 ok\n", 1)})
	if status, stdout, _ := smtpTo(t, letterText, "-A", "127.0.0.2:"+port, "ann@me.test", "bob@d.test"); status != 0 {
		t.Errorf("got %d, %s", status, stdout)
	}
}

// TestSocket goes to a Unix socket, by LMTP.
func TestSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	play(t, l, nil, []string{`S: 220 x
C: LHLO me.test
S: 250 x
C: MAIL FROM:<>
S: 250 ok
C: RCPT TO:<bob@localhost>
S: 250 ok
C: RCPT TO:<eve@d.test>
S: 250 ok
C: DATA
S: 354 go on
C: *
C: *
C: *
C: *
C: 
C: hello
C: .
S: 250 bob has it
S: 452 4.2.2 eve is full
C: QUIT
S: 221 bye`})
	status, stdout, _ := smtpTo(t, letterText, "-L", "unix!"+socket, "/dev/null", "bob", "eve@d.test")
	want := `recipient=bob@localhost verdict=accept reply="250 bob has it" host=` + socket + ` tls=none
recipient=eve@d.test verdict=defer reply="452 4.2.2 eve is full" host=` + socket + ` tls=none
`
	if status != 75 || stdout != want {
		t.Errorf("got %d, %s", status, stdout)
	}
}

// TestSilentHosts has three hosts accept connections and say nothing: two of
// them are waited for.
func TestSilentHosts(t *testing.T) {
	var came atomic.Int32
	var served sync.WaitGroup
	port := "0"
	var listeners []net.Listener
	for _, host := range []string{"127.0.0.2", "127.0.0.3", "127.0.0.4"} {
		l, err := net.Listen("tcp", host+":"+port)
		if err != nil {
			t.Skipf("no %s to listen on: %v", host, err)
		}
		_, port, _ = net.SplitHostPort(l.Addr().String())
		listeners = append(listeners, l)
		served.Go(func() {
			if conn, err := l.Accept(); err == nil {
				came.Add(1)
				io.Copy(io.Discard, conn)
				conn.Close()
			}
		})
	}
	status, stdout, stderr := smtpTo(t, letterText, "--timeout", "1", "net!three.test!"+port, "ann@me.test", "bob@d.test")
	for _, l := range listeners {
		l.Close()
	}
	served.Wait()
	if status != 75 || verdicts(stdout) != "defer" || came.Load() != maxSlow {
		t.Errorf("got %d, %s%s; %d connections", status, stdout, stderr, came.Load())
	}
}
