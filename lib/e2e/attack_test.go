package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What one session may take, whatever is sent to it.
const (
	idleMemory = 15 << 20
	peakMemory = 64 << 20
)

// soon is more than enough for a session whose time limits are a second to
// notice, on a busy machine.
const soon = 10 * time.Second

// memory reads a field of /proc/PID/status, VmRSS (now) or VmHWM (the most);
// nothing when the process has ended.
func (p *process) memory(t testing.TB, field string) int64 {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("memory is read from /proc")
	}
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.Process.Pid))
	m := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return n << 10
}

// within checks what a session takes.
func (p *process) within(t testing.TB, field string, limit int64) {
	t.Helper()
	got := p.memory(t, field)
	if got == 0 || got > limit {
		t.Errorf("%s is %d KiB, want at most %d", field, got>>10, limit>>10)
	}
	t.Logf("%s %d KiB", field, got>>10)
}

// open begins a session of its own process and takes the greeting.
func (in *instance) open() (*talk, *process) {
	in.t.Helper()
	conn, p := in.connect(program(in.t, "smtpd"))
	c := converse(in.t, conn)
	c.expect("220 " + hostname)
	return c, p
}

// gone expects a process to end soon.
func (p *process) gone(t testing.TB) {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(soon):
		t.Errorf("the session is still there after %v", soon)
	}
}

func TestIdleSessionIsSmall(t *testing.T) {
	c, p := newInstance(t).open()
	c.hello()
	p.within(t, "VmRSS", idleMemory)
}

func TestBigMessageInLittleMemory(t *testing.T) {
	const size = 100_000_000
	in := newInstance(t)
	c, p := in.open()
	c.hello()
	c.ask("MAIL FROM:<joe@example.net>", "250 ")
	c.ask("RCPT TO:<ann@"+hostname+">", "250 ")
	c.ask("DATA", "354 ")
	c.send("Subject: big\r\n\r\n")
	line := strings.Repeat("x", 76) + "\r\n"
	piece := []byte(strings.Repeat(line, 1000))
	for sent := 0; sent < size; sent += len(piece) {
		c.send(string(piece))
	}
	c.send(".\r\n")
	c.expect("250 ")
	p.within(t, "VmHWM", peakMemory)
	if n := strings.Count(in.message("ann"), "\n"+strings.TrimSpace(line)+"\n"); n == 0 {
		t.Error("the message is not there")
	}
	c.quit()
}

// TestMillionRecipients names a million recipients to a server that is patient
// with errors.
func TestMillionRecipients(t *testing.T) {
	c, p := newInstance(t, "MaxErrors 1048576").open()
	c.hello()
	c.ask("MAIL FROM:<joe@example.net>", "250 ")
	go func() {
		var group bytes.Buffer
		for i := range 1_000_000 {
			fmt.Fprintf(&group, "RCPT TO:<ann@%s> NOTIFY=NEVER ORCPT=rfc822;%d\r\n", hostname, i)
			if group.Len() > 1<<16 {
				c.conn.Write(group.Bytes())
				group.Reset()
			}
		}
		c.conn.Write(append(group.Bytes(), "QUIT\r\n"...))
	}()
	peak := int64(0)
	last := ""
	for n := 0; !strings.HasPrefix(last, "221 "); n++ {
		var err error
		if last, err = c.reply(); err != nil {
			t.Fatalf("after %d replies: %v", n, err)
		}
		if n%10_000 == 0 {
			peak = max(peak, p.memory(t, "VmHWM"))
		}
	}
	if peak == 0 || peak > peakMemory {
		t.Errorf("the session took %d KiB, want at most %d", peak>>10, peakMemory>>10)
	}
	t.Logf("VmHWM %d KiB", peak>>10)
	p.gone(t)
}

// TestEndlessLine sends a command line that never ends.
func TestEndlessLine(t *testing.T) {
	c, p := newInstance(t).open()
	c.hello()
	piece := strings.Repeat("x", 1<<16)
	for range 1000 {
		c.send(piece)
	}
	p.within(t, "VmHWM", peakMemory)
	c.ask("", "500 ")
	c.ask("NOOP", "250 ")
	c.quit()
}

// TestByteByByte sends a command a byte at a time, each well within the time
// limit of a command.
func TestByteByByte(t *testing.T) {
	conn, p := newInstance(t, "SMTPTimeout 1").connect(program(t, "smtpd"))
	go drip(conn, p, "NOOP ")
	c := converse(t, conn)
	c.expect("220 ")
	c.expect("421 4.4.")
	p.gone(t)
}

// TestMessageByteByByte does the same in the text of a message.
func TestMessageByteByByte(t *testing.T) {
	in := newInstance(t, "SMTPTimeout 1", "DataTimeout 1")
	c, p := in.open()
	c.hello()
	c.ask("MAIL FROM:<joe@example.net>", "250 ")
	c.ask("RCPT TO:<ann@"+hostname+">", "250 ")
	c.ask("DATA", "354 ")
	go drip(c.conn, p, "Subject: slow\r\n\r\n")
	c.expect("421 4.4.")
	p.gone(t)
	if n := len(in.messages("ann")); n != 0 {
		t.Errorf("%d messages, want none", n)
	}
}

// TestChunksByteByByte sends a message in chunks of one octet, each well within the
// time limits of a command and of a pause in a message.
func TestChunksByteByByte(t *testing.T) {
	in := newInstance(t, "SMTPTimeout 2", "DataTimeout 1")
	c, p := in.open()
	c.hello()
	c.ask("MAIL FROM:<joe@example.net>", "250 ")
	c.ask("RCPT TO:<ann@"+hostname+">", "250 ")
	reply := ""
	for begun := time.Now(); !strings.HasPrefix(reply, "421 4.4.") && time.Since(begun) < soon; time.Sleep(300 * time.Millisecond) {
		c.send("BDAT 1\r\nx")
		var err error
		if reply, err = c.reply(); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.HasPrefix(reply, "421 4.4.") {
		t.Fatalf("it still says %q", reply)
	}
	p.gone(t)
	if n := len(in.messages("ann")); n != 0 {
		t.Errorf("%d messages, want none", n)
	}
}

// TestHalfClosed says all that it has to say and closes its side, while the answer
// to its HELO is delayed: it may be listening still.
func TestHalfClosed(t *testing.T) {
	c, p := newInstance(t, "HeloDelay 1s", "SPF 0").open()
	c.send("EHLO client.example.net\r\nMAIL FROM:<joe@example.net>\r\nRCPT TO:<ann@" + hostname + ">\r\nQUIT\r\n")
	if err := c.conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"250-", "250 ", "250 ", "221 "} {
		c.expect(want)
	}
	p.gone(t)
}

// drip sends a text and then a byte at a time until the process is gone.
func drip(conn net.Conn, p *process, text string) {
	io.WriteString(conn, text)
	for {
		select {
		case <-p.done:
			return
		case <-time.After(200 * time.Millisecond):
			io.WriteString(conn, "x")
		}
	}
}

// TestClientThatNeverReads fills the pipe with commands whose answers nobody
// takes.
func TestClientThatNeverReads(t *testing.T) {
	conn, p := newInstance(t, "SMTPTimeout 1").connect(program(t, "smtpd"))
	conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	commands := []byte(strings.Repeat("BDAT 0\r\n", 2000))
	go func() {
		io.WriteString(conn, "EHLO client.example.net\r\nMAIL FROM:<>\r\nRCPT TO:<ann@"+hostname+">\r\n")
		for {
			if _, err := conn.Write(commands); err != nil {
				return
			}
		}
	}()
	p.gone(t)
}

// TestClientThatGoesAway hangs up at every point of a session; nothing stays.
func TestClientThatGoesAway(t *testing.T) {
	in := newInstance(t)
	dialogue := []string{"EHLO client.example.net\r\n", "MAIL FROM:<joe@example.net>\r\n", "RCPT TO:<ann@" + hostname + ">\r\n",
		"DATA\r\n", "Subject: half\r\n\r\nhalf a message\r\n"}
	for n := range len(dialogue) + 1 {
		c, p := in.open()
		for i, line := range dialogue[:n] {
			c.send(line)
			if i < 4 {
				if _, err := c.reply(); err != nil {
					t.Fatal(err)
				}
			}
		}
		c.conn.Close()
		p.gone(t)
	}
	if n := len(in.messages("ann")); n != 0 {
		t.Errorf("%d messages, want none", n)
	}
	checkNothingLeft(t, in.maildir("ann")+"/tmp")
}
