package maillog

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the process that logs, since what is chosen depends on the
// process's own descriptors.
func TestMain(m *testing.M) {
	if path, ok := os.LookupEnv("MAILLOG_CHILD"); ok {
		Open(Options{Tag: "child", SyslogSocket: path}).Log(Info, "hello")
		os.Stderr.WriteString(os.Getenv("MAILLOG_LAST")) // as the runtime does
		return
	}
	os.Exit(m.Run())
}

func TestPlain(t *testing.T) {
	var b strings.Builder
	l := Open(Options{Stderr: &b})
	l.Log(Info, "one\ntwo")
	l.Log(Err, strings.Repeat("x", 2*maxLine))
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 3 || lines[0] != `one\ntwo` || len(lines[1]) != maxLine {
		t.Errorf("%d lines, the first %q, the second of %d octets; want a clean one and one of %d", len(lines)-1, lines[0], len(lines[1]), maxLine)
	}
}

func TestJournal(t *testing.T) {
	var b strings.Builder
	l := Open(Options{Stderr: &b, Sink: "journal", Level: "notice"})
	l.Log(Info, "ordinary")
	l.Log(Err, "bad")
	if got, want := b.String(), "<5>ordinary\n<3>bad\n"; got != want {
		t.Errorf("journal has %q, want %q", got, want)
	}
}

// syslogd listens as a syslog daemon does.
func syslogd(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func receive(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	buf := make([]byte, 2*maxLine)
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestSyslog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	conn := syslogd(t, path)
	l := Open(Options{Sink: "syslog", Tag: "smtpd", Facility: "local0", Level: "notice", SyslogSocket: path})
	l.sink = l.options.open()
	l.sink.(*syslog).now = func() time.Time { return time.Date(2026, 11, 1, 6, 7, 8, 0, time.UTC) }
	tests := []struct {
		p    Priority
		pri  int
		line string
	}{
		{Info, 16*8 + 5, "client=a\x1bb"},
		{Err, 16*8 + 3, "two"},
		{Debug, 16*8 + 7, strings.Repeat("x", maxLine)},
	}
	for _, tt := range tests {
		l.Log(tt.p, tt.line)
		want := fmt.Sprintf("<%d>Nov  1 06:07:08 smtpd[%d]: %s", tt.pri, os.Getpid(), Clean(tt.line, maxLine))
		if got := receive(t, conn); got != want {
			t.Errorf("\ngot  %q\nwant %q", got, want)
		}
	}
}

func TestSyslogDaemonStartedAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := Open(Options{Sink: "syslog", SyslogSocket: path})
	l.Log(Info, "nobody listens")
	for _, text := range []string{"first", "second"} {
		os.Remove(path)
		conn := syslogd(t, path)
		l.Log(Info, text)
		if got := receive(t, conn); !strings.HasSuffix(got, "]: "+text) || !strings.HasPrefix(got, "<22>") {
			t.Errorf("the daemon has %q, want %q with <22>", got, text)
		}
		conn.Close()
	}
}

func TestSyslogFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	syslogd(t, path) // it never reads
	l := Open(Options{Sink: "syslog", SyslogSocket: path})
	begin := time.Now()
	full := false
	for range 100_000 {
		one := time.Now()
		l.Log(Info, "text")
		if full = time.Since(one) > sendTimeout/2; full {
			break
		}
	}
	if took := time.Since(begin); !full || took > 5*sendTimeout {
		t.Errorf("full %v after %v, want one wait of a second", full, took)
	}
}

// runChild logs in a process whose standard error is f and whose standard
// input is in.
func runChild(t *testing.T, in, stderr *os.File, env ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Stdin, cmd.Stderr = in, stderr
	cmd.Env = append([]string{"GORACE=atexit_sleep_ms=0"}, env...)
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
}

func TestChoice(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	conn := syslogd(t, path)
	child := "MAILLOG_CHILD=" + path

	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	st, _ := out.Stat()
	sys := st.Sys().(*syscall.Stat_t)
	runChild(t, nil, out, child)
	runChild(t, nil, out, child, "JOURNAL_STREAM=1:2")
	runChild(t, nil, out, child, fmt.Sprintf("JOURNAL_STREAM=%d:%d", sys.Dev, sys.Ino))
	if got, _ := os.ReadFile(out.Name()); string(got) != "hello\nhello\n<6>hello\n" {
		t.Errorf("standard error has %q, want two plain lines and one for the journal", got)
	}

	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	a, b := os.NewFile(uintptr(pair[0]), "a"), os.NewFile(uintptr(pair[1]), "b")
	defer a.Close()
	defer b.Close()
	runChild(t, a, a, child, "MAILLOG_LAST=words") // as inetd does
	if got := receive(t, conn); !strings.Contains(got, "child[") || !strings.HasSuffix(got, "]: hello") {
		t.Errorf("syslog has %q, want the record", got)
	}
	runChild(t, nil, a, child) // a socket, but not the client's; he has heard nothing
	buf := make([]byte, 100)
	if n, err := b.Read(buf); string(buf[:n]) != "hello\n" {
		t.Errorf("the socket has %q, %v; want the record", buf[:n], err)
	}
}
