package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// greeting connects and gives the connection and the words of the greeting:
// "hello", the program's process number and, of a worker, the client.
func greeting(t testing.TB, addr string) (net.Conn, []string) {
	t.Helper()
	c := dial(t, addr)
	words := strings.Fields(firstLine(t, c))
	if len(words) < 2 || words[0] != "hello" {
		t.Fatalf("the greeting is %q", words)
	}
	return c, words
}

// say sends a line and expects it back.
func say(t testing.TB, c net.Conn, line string) {
	t.Helper()
	fmt.Fprintln(c, line)
	if got := firstLine(t, c); got != line {
		t.Errorf("said %q, heard %q", line, got)
	}
}

func TestWorkersServeOneAfterAnother(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-worker"), "-w", "2", "127.0.0.1:0")...)
	seen := map[string]int{}
	for i := range 50 {
		c, words := greeting(t, d.addr(1))
		if len(words) != 3 || words[2] != "127.0.0.1" {
			t.Fatalf("the worker was told of %q", words)
		}
		say(t, c, strconv.Itoa(i))
		c.Close()
		seen[words[1]]++
	}
	if len(seen) > 2 {
		t.Errorf("%d programs have served, want 2: %v", len(seen), seen)
	}
}

func TestWorkerUses(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-worker"), "-w", "1:3", "127.0.0.1:0")...)
	seen := map[string]int{}
	for range 9 {
		c, words := greeting(t, d.addr(1))
		seen[words[1]]++
		c.Close()
		time.Sleep(20 * time.Millisecond) // for the next not to find it busy
	}
	for pid, n := range seen {
		if n > 3 {
			t.Errorf("%s has served %d, want 3 at most", pid, n)
		}
	}
	if _, ok := d.find("ended", 1); ok {
		t.Error("a worker whose time is up is called a failure")
	}
}

func TestWorkerServesManyAtOnce(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-worker"), "-w", "1:0:10", "127.0.0.1:0")...)
	var conns []net.Conn
	for range 10 {
		c, words := greeting(t, d.addr(1))
		if len(words) != 3 {
			t.Fatalf("not a worker: %q", words)
		}
		conns = append(conns, c)
	}
	for i, c := range conns {
		say(t, c, strconv.Itoa(i))
	}
}

// TestBusyWorkersAreHelped: that all workers are busy does not keep a client
// waiting.
func TestBusyWorkersAreHelped(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-broken"), "-w", "2", "127.0.0.1:0")...)
	begin := time.Now()
	c := dial(t, d.addr(1))
	if got := firstLine(t, c); got != "hello alone" {
		t.Errorf("the greeting is %q", got)
	}
	if took := time.Since(begin); took < patience/2 {
		t.Errorf("no worker was waited for: %v", took)
	}
	d.logged("workers_busy", 1)
}

func TestBrokenWorkersAreStartedSeldom(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir(), with(program(t, "as-broken"), "-d", "-w", "1", "127.0.0.1:0")...)
	d.logged("ended", 2)
	time.Sleep(time.Second)
	if _, ok := d.find("ended", 8); ok {
		t.Error("a worker that cannot start is started again and again")
	}
}

func TestWorkerThatDiesIsReplaced(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-worker"), "-m", "1", "-w", "1", "127.0.0.1:0")...)
	c, words := greeting(t, d.addr(1))
	fmt.Fprintln(c, "crash")
	if got := all(t, c); got != "" {
		t.Errorf("a dead worker says %q", got)
	}
	if r := d.logged("ended", 1); r.Value("status") != "SIGKILL" || r.Value("pid") != words[1] {
		t.Errorf("the log says %s", r.String())
	}
	// With -m 1 this shows that the dead worker's session is not counted.
	until(t, "other worker", func() bool {
		c := dial(t, d.addr(1))
		defer c.Close()
		again := strings.Fields(firstLine(t, c))
		return again[0] == "hello" && len(again) == 3 && again[1] != words[1]
	})
}

// TestReloadRetiresWorkers: sessions go on, new ones have a new worker, and no
// connection fails meanwhile.
func TestReloadRetiresWorkers(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-worker"), "-w", "1:0:4", "127.0.0.1:0")...)
	old, before := greeting(t, d.addr(1))
	d.signal(syscall.SIGHUP)
	for range 20 {
		c, _ := greeting(t, d.addr(1))
		c.Close()
	}
	d.logged("reloaded", 1)
	_, after := greeting(t, d.addr(1))
	if before[1] == after[1] {
		t.Error("the old worker serves new sessions")
	}
	say(t, old, "still here")
	old.Close()
	until(t, "end of the old worker", func() bool {
		pid, _ := strconv.Atoi(before[1])
		return syscall.Kill(pid, 0) != nil
	})
}

func TestStopLetsWorkersFinish(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-worker"), "-w", "2:0:2", "127.0.0.1:0")...)
	c, _ := greeting(t, d.addr(1))
	d.signal(syscall.SIGTERM)
	d.logged("stopping", 1)
	say(t, c, "still here")
	c.Close()
	if err := d.ends(); err != nil {
		t.Error(err)
	}
}

func TestStopWithIdleWorkers(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-worker"), "-w", "3", "127.0.0.1:0")...)
	d.addr(1)
	d.signal(syscall.SIGTERM)
	if err := d.ends(); err != nil {
		t.Error(err)
	}
}
