package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"postern/lib/record"
)

// TestMain makes the test binary listen itself, and the programs that it
// starts, when it is asked to.
func TestMain(m *testing.M) {
	if os.Getenv(asListen) != "" { // programs do not inherit it
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 {
		switch {
		case strings.HasPrefix(os.Args[1], "as-"):
			syscall.Exit(play(os.Args[1], os.Args[2:]))
		case os.Args[1] == "--check" && len(os.Args) > 3 && os.Args[2] == "as-checked":
			syscall.Exit(checking(os.Args[3]))
		}
	}
	os.Exit(m.Run())
}

// asListen is the variable that makes the test binary listen.
const asListen = "AS_LISTEN"

// waitTime is the patience of tests: how long they wait for what should take milliseconds.
const waitTime = 20 * time.Second

// self is the test binary.
func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// A daemon is a listen that runs.
type daemon struct {
	t    testing.TB
	cmd  *exec.Cmd
	root string
	done chan error

	mu    sync.Mutex
	lines []string
	more  chan struct{} // a line was logged
}

// start starts listen with a private root. The arguments "PROGRAM kind" end
// in the program of that kind, see play.
func start(t testing.TB, root string, args ...string) *daemon {
	t.Helper()
	d := &daemon{t: t, root: root, done: make(chan error, 1), more: make(chan struct{}, 1)}
	d.cmd = exec.Command(self(t), args...)
	d.cmd.Env = append(os.Environ(), asListen+"=1", "POSTERN_ROOT="+root, "GORACE=atexit_sleep_ms=10")
	pipe, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		d.read(pipe)
		close(read)
	}()
	go func() { // programs hold the pipe too: do not wait for its end
		st, err := d.cmd.Process.Wait()
		if err == nil && !st.Success() {
			err = fmt.Errorf("%v", st)
		}
		d.done <- err
	}()
	t.Cleanup(func() {
		d.cmd.Process.Signal(syscall.SIGTERM)
		time.AfterFunc(time.Second, func() { d.cmd.Process.Signal(syscall.SIGTERM) })
		time.AfterFunc(waitTime, func() { d.cmd.Process.Kill() })
		<-read
		if t.Failed() {
			t.Logf("log:\n%s", strings.Join(d.lines, "\n"))
		}
	})
	return d
}

func (d *daemon) read(r io.Reader) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		d.mu.Lock()
		d.lines = append(d.lines, lines.Text())
		d.mu.Unlock()
		select {
		case d.more <- struct{}{}:
		default:
		}
	}
}

// logged waits for the nth line of that event, from 1, and gives it.
func (d *daemon) logged(event string, nth int) record.Record {
	d.t.Helper()
	deadline := time.After(waitTime)
	for {
		if r, ok := d.find(event, nth); ok {
			return r
		}
		select {
		case <-d.more:
		case <-deadline:
			d.t.Fatalf("the log has no event %s", event)
		}
	}
}

func (d *daemon) find(event string, nth int) (record.Record, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, line := range d.lines {
		if r, err := record.ParseLine([]byte(line)); err == nil && r.Value("event") == event {
			if nth--; nth == 0 {
				return r, true
			}
		}
	}
	return record.Record{}, false
}

// addr is where it listens, of the nth socket.
func (d *daemon) addr(nth int) string {
	d.t.Helper()
	r := d.logged("listening", nth)
	if r.Value("server_port") == "" {
		return r.Value("server_address")
	}
	return net.JoinHostPort(r.Value("server_address"), r.Value("server_port"))
}

// ends waits for the end of listen, and gives its error.
func (d *daemon) ends() error {
	d.t.Helper()
	select {
	case err := <-d.done:
		d.done <- err
		return err
	case <-time.After(waitTime):
		d.t.Fatal("listen does not end")
		return nil
	}
}

func (d *daemon) signal(sig syscall.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(sig); err != nil {
		d.t.Fatal(err)
	}
}

// dial connects; the connection has a deadline and is closed at the end.
func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	c, err := net.DialTimeout(network, addr, waitTime)
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(waitTime))
	t.Cleanup(func() { c.Close() })
	return c
}

// all reads what a connection says until it is closed.
func all(t testing.TB, c net.Conn) string {
	t.Helper()
	text, err := io.ReadAll(c)
	if err != nil && !isReset(err) {
		t.Fatal(err)
	}
	return string(text)
}

func isReset(err error) bool { return strings.Contains(err.Error(), "reset") }

// firstLine reads one line.
func firstLine(t testing.TB, c net.Conn) string {
	t.Helper()
	var line []byte
	b := make([]byte, 1)
	for !bytes.HasSuffix(line, []byte("\n")) {
		if _, err := io.ReadFull(c, b); err != nil {
			t.Fatalf("%q and then %v", line, err)
		}
		line = append(line, b...)
	}
	return strings.TrimSpace(string(line))
}

// program is the end of a command line that starts a child of a kind.
func program(t testing.TB, kind string, args ...string) []string {
	return append([]string{"--", self(t), kind}, args...)
}

// with puts a command line together.
func with(program []string, args ...string) []string { return append(args, program...) }

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(waitTime); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %s", what)
		}
	}
}

// write writes a file below a root.
func write(t testing.TB, root, name, text string) {
	t.Helper()
	name = filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
