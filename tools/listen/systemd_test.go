package main

import (
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/e2e"
)

// TestSystemdSockets has systemd's own program bind the sockets.
func TestSystemdSockets(t *testing.T) {
	activate := e2e.Need(t, "systemd-socket-activate")[0]
	root := t.TempDir()
	path := filepath.Join(root, "s")
	ports := []string{freePort(t), freePort(t)}
	cmd := exec.Command(activate, append([]string{"-l", "127.0.0.1:" + ports[0], "-l", "127.0.0.1:" + ports[1], "-l", path,
		"-E", asListen + "=1", "-E", "POSTERN_ROOT=" + root, self(t)}, program(t, "as-env")...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	}()
	until(t, "socket", func() bool {
		c, err := net.Dial("unix", path)
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
	for _, port := range ports {
		got := all(t, dial(t, "127.0.0.1:"+port))
		if !strings.Contains(got, "TCPLOCALPORT="+port+"\n") || strings.Contains(got, "LISTEN_FDS") {
			t.Errorf("environment is\n%s", got)
		}
	}
	if got := all(t, dial(t, path)); !strings.Contains(got, "PROTO=UNIX\n") {
		t.Errorf("environment is\n%s", got)
	}
}

func TestGivenSockets(t *testing.T) {
	env := func(fds, pid string) func(string) string {
		return func(name string) string {
			return map[string]string{"LISTEN_FDS": fds, "LISTEN_PID": pid}[name]
		}
	}
	for _, e := range []func(string) string{env("", ""), env("1", "2"), env("x", "1"), env("0", "1")} {
		if got, err := given(e, 1); len(got) != 0 || err != nil {
			t.Errorf("sockets of somebody else: %v, %v", got, err)
		}
	}
}

func TestAdoptSocket(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(f.Fd()))
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	got, err := adoptSocket(fd)
	if err != nil {
		t.Fatal(err)
	}
	defer got.close()
	if !got.given || got.at != l.Addr().String() {
		t.Errorf("adopted %+v", got)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	if _, err := adoptSocket(pair[0]); err == nil || !strings.Contains(err.Error(), "not a socket that listens") {
		t.Errorf("a connected socket: %v", err)
	}
}

func TestNotify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenPacket("unixgram", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	notify(func(string) string { return path }, "READY=1")
	l.SetDeadline(time.Now().Add(waitTime))
	buf := make([]byte, 64)
	n, _, err := l.ReadFrom(buf)
	if string(buf[:n]) != "READY=1" || err != nil {
		t.Errorf("systemd is told %q, %v", buf[:n], err)
	}
	notify(func(string) string { return "" }, "READY=1")
	notify(func(string) string { return "/nonexistent" }, "READY=1")
}
