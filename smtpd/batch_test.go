package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"postern/lib/smtptest"
	"postern/lib/sysexits"
)

const batch = `HELO a
MAIL FROM:<x@y.example>
RCPT TO:<bob@mx.test>
DATA
Subject: t

b
..
.
`

// runBatch runs smtpd with options on a batch.
func runBatch(t *testing.T, in *instance, input string, args ...string) (status int, out []string) {
	t.Helper()
	in.withFlags(t, args...)
	var b strings.Builder
	status = in.serveBatch(strings.NewReader(input), &b)
	return status, strings.Split(strings.TrimSuffix(b.String(), "\r\n"), "\r\n")
}

// codes are the first three octets of replies, and what was echoed.
func codes(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		if len(line) > 3 && line[0] >= '2' && line[0] <= '5' {
			line = line[:3]
		}
		b.WriteString(line + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestBatch(t *testing.T) {
	crlf := strings.ReplaceAll(batch+"QUIT\n", "\n", "\r\n")
	noHelo := strings.TrimPrefix(batch, "HELO a\n")
	for name, tt := range map[string]struct {
		input string
		args  []string
		want  string
		mails int
		with  string
	}{
		"LF":           {batch + "QUIT\n", []string{"-i"}, "220 250 250 250 354 250 221", 1, " with SMTP"},
		"CRLF":         {crlf, []string{"-i"}, "220 250 250 250 354 250 221", 1, " with SMTP"},
		"BSMTP":        {batch + "QUIT\n", []string{"-iB"}, "220 250 250 250 354 250 221", 1, " with BSMTP"},
		"EHLO, BSMTP":  {strings.Replace(noHelo, "", "RSET\nEHLO a\n", 1), []string{"-i", "-B"}, "", 1, " with BSMTP"},
		"echo":         {batch + "QUIT\n", []string{"-i", "-v"}, "220 HELO a 250 MAIL FROM:<x@y.example> 250 RCPT TO:<bob@mx.test> 250 DATA 354 250 QUIT 221", 1, ""},
		"no HELO":      {noHelo, []string{"-i"}, "220 250 250 354 250", 1, "from localhost "},
		"two messages": {batch + noHelo + "QUIT\n", []string{"-i"}, "220 250 250 250 354 250 250 250 354 250 221", 2, ""},
		"no QUIT":      {batch, []string{"-i"}, "220 250 250 250 354 250", 1, ""},
		"cut off":      {strings.TrimSuffix(batch, ".\n"), []string{"-i"}, "220 250 250 250 354", 0, ""},
		"many errors":  {strings.Repeat("X\n", 30) + batch, []string{"-i"}, "220 " + strings.Repeat("500 ", 30) + "250 250 250 354 250", 1, ""},
		"relay":        {strings.Replace(batch, "bob@mx.test", "x@other.example", 1), []string{"-i"}, "220 250 250 250 354 250", 0, ""},
		"our name":     {strings.Replace(batch, "HELO a", "HELO mx.test", 1), []string{"-i"}, "220 250 250 250 354 250", 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := newInstance(t, "RefuseEager 1", "HeloDelay 1h", "SMTPTimeout 1")
			status, out := runBatch(t, in, tt.input, tt.args...)
			if status != 0 {
				t.Errorf("exit status %d, want 0", status)
			}
			if got := codes(out); tt.want != "" && got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			box := in.mailbox(t, "bob")
			if len(box) != tt.mails {
				t.Fatalf("%d messages, want %d: %q", len(box), tt.mails, out)
			}
			if len(box) > 0 && (!strings.Contains(box[0], tt.with) || !strings.HasSuffix(box[0], "\n\nb\n.\n")) {
				t.Errorf("the message is %q", box[0])
			}
		})
	}
}

// -T: as with a client of the network.
func TestBatchAs(t *testing.T) {
	relay := strings.Replace(batch, "bob@mx.test", "x@other.example", 1)
	for _, tt := range []struct {
		as, input string
		lines     []string
		want      string
	}{
		{"[192.0.2.1]", relay, nil, "220 250 250 550 503 500 500 500 500 500"},
		{"[192.0.2.1]", relay, []string{"TrustedNet 192.0.2.0/24"}, "220 250 250 250 354 250"},
		{"[IPv6:2001:db8::1]", relay, []string{"TrustedNet 2001:db8::/32"}, "220 250 250 250 354 250"},
		{"[IPv6.2001:db8::1]", batch, nil, "220 250 250 250 354 250"},
		{"[ipv6.2001:db8:0:0:0:0:192.0.2.1]", batch, nil, "220 250 250 250 354 250"},
		{"[IPv6 2001:db8::1]", batch, nil, "220 250 250 250 354 250"},
		{"[192.0.2.1]", "HELO mx.test\n", nil, "220 554"},
		{"[192.0.2.1]", "MAIL FROM:<a@b.example>\n", nil, "220 503"},
		{"[192.0.2.1]", batch, []string{"Blocked blocked"}, "220 250 250 250 554 500 500 500 500 500"},
		{"[192.0.2.1]", batch, []string{"DropNets 192.0.2"}, ""},
	} {
		in := listed(t, map[string]string{"blocked": "block 192.0.2.1\n"})
		file := filepath.Join(in.conf.etcDir, "smtpd.conf")
		write(t, file, []byte("Hostname mx.test\nClientName 0\n"+strings.Join(tt.lines, "\n")+"\n"))
		status, out := runBatch(t, in, tt.input, "-T", tt.as)
		if got := codes(out); status != 0 || got != tt.want {
			t.Errorf("%s %v: exit status %d, got %s, want %s", tt.as, tt.lines, status, got, tt.want)
		}
	}
}

func TestBatchUsage(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-T", "192.0.2.1"}, "brackets"},
		{[]string{"-T", "[192.0.2]"}, "brackets"},
		{[]string{"-T", "[]"}, "brackets"},
		{[]string{"-T", ""}, "brackets"},
		{[]string{"-T", "[example.org]"}, "brackets"},
		{[]string{"-v"}, "-v is for -i"},
		{[]string{"-i", "--submit"}, "--submit is for a socket"},
	} {
		var out, errs strings.Builder
		if status := run(tt.args, strings.NewReader(batch), &out, &errs); status != 64 || !strings.Contains(errs.String(), tt.want) || out.Len() > 0 {
			t.Errorf("%q: exit status %d, says %q and %q, want 64 and %q", tt.args, status, out.String(), errs.String(), tt.want)
		}
	}
}

// A connection from a network must not be trusted as the calling user.
func TestBatchOnSocket(t *testing.T) {
	in := newInstance(t).withFlags(t, "-i")
	_, server := smtptest.Pair(t)
	f, err := server.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if status := in.serveBatch(f, f); status != 64 {
		t.Errorf("exit status %d, want 64", status)
	}
	if log := in.log.String(); !strings.Contains(log, "leave -i out") {
		t.Errorf("the log has %s", log)
	}
}

// A Unix socket has a user of this host at its other end.
func TestBatchOnUnixSocket(t *testing.T) {
	in := newInstance(t).withFlags(t, "-i")
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan int)
	go func() {
		c, err := l.Accept()
		if err != nil {
			done <- -1
			return
		}
		f, _ := c.(*net.UnixConn).File()
		c.Close()
		done <- in.serveBatch(f, f)
	}()
	c, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, batch+"QUIT\n")
	text, _ := io.ReadAll(bufio.NewReader(c))
	if status := <-done; status != 0 || len(in.mailbox(t, "bob")) != 1 {
		t.Errorf("exit status %d, said %q", status, text)
	}
}

// A batch of which not all could be read, or to which not all could be replied,
// does not end well.
func TestBatchFails(t *testing.T) {
	in := newInstance(t).withFlags(t, "-i")
	broken := io.MultiReader(strings.NewReader(batch), iotest.ErrReader(syscall.EIO))
	if status := in.serveBatch(broken, io.Discard); status != sysexits.IOErr {
		t.Errorf("unreadable: exit status %d", status)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	if status := in.serveBatch(strings.NewReader(batch), full); status != sysexits.IOErr {
		t.Errorf("no room for replies: exit status %d", status)
	}
}

// The batch may be a file.
func TestBatchFile(t *testing.T) {
	in := newInstance(t).withFlags(t, "-i")
	name := filepath.Join(t.TempDir(), "batch")
	write(t, name, []byte(batch))
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out strings.Builder
	if status := in.serveBatch(f, &out); status != 0 || len(in.mailbox(t, "bob")) != 1 {
		t.Errorf("exit status %d, said %q", status, out.String())
	}
}

// Nobody who is to be kept from anything waits behind a batch.
func TestBatchIsNotDelayed(t *testing.T) {
	in := newInstance(t, "Tarpit 1 1")
	refused := strings.Repeat("x", 8<<10) + "\n"
	if _, out := runBatch(t, in, refused+batch, "-i"); codes(out) != "220 500 250 250 250 354 250" {
		t.Errorf("replies are %q", codes(out))
	}
}
