package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestProgramIsTold(t *testing.T) {
	t.Setenv("GREETING", "not for programs")
	t.Setenv("POSTERN_TEST", "kept")
	d := start(t, t.TempDir(), with(program(t, "as-env"), "127.0.0.1:0")...)
	c := dial(t, d.addr(1))
	_, port, _ := net.SplitHostPort(c.LocalAddr().String())
	_, server, _ := net.SplitHostPort(c.RemoteAddr().String())
	lines := strings.Split(all(t, c), "\n")
	for _, want := range []string{
		"POSTERN_PEER=client_address=127.0.0.1 client_port=" + port + " server_address=127.0.0.1 server_port=" + server,
		"PROTO=TCP", "TCPREMOTEIP=127.0.0.1", "TCPREMOTEPORT=" + port, "TCPLOCALIP=127.0.0.1", "TCPLOCALPORT=" + server,
		"POSTERN_TEST=kept", "POSTERN_ROOT=" + d.root, "GOMAXPROCS=1",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("the program was not told %s, but\n%s", want, strings.Join(lines, "\n"))
		}
	}
	if slices.Contains(lines, "GREETING=not for programs") {
		t.Error("the program was told GREETING")
	}
}

func TestAddressFamilies(t *testing.T) {
	if c, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skip("this host has no IPv6: ", err)
	} else {
		c.Close()
	}
	for _, tt := range []struct {
		args    []string
		want    []string
		proto   string
		connect string
	}{
		{[]string{"-4", "*:0"}, []string{"0.0.0.0"}, "PROTO=TCP\n", "127.0.0.1"},
		{[]string{"-6", "*:0"}, []string{"::"}, "PROTO=TCP6\n", "::1"},
		{[]string{"*:0"}, []string{"::", "0.0.0.0"}, "PROTO=TCP6\n", "::1"},
		{[]string{"[::1]:0"}, []string{"::1"}, "TCP6REMOTEIP=::1\n", "::1"},
		{[]string{"-4", "iface:lo:0"}, []string{"127.0.0.1"}, "TCPLOCALIP=127.0.0.1\n", "127.0.0.1"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			d := start(t, t.TempDir(), append(tt.args, program(t, "as-env")...)...)
			for i, want := range tt.want {
				if got := d.logged("listening", i+1); got.Value("server_address") != want {
					t.Errorf("listens on %s, want %s", got.String(), want)
				}
			}
			first := d.logged("listening", 1)
			got := all(t, dial(t, net.JoinHostPort(tt.connect, first.Value("server_port"))))
			if !strings.Contains(got, tt.proto) {
				t.Errorf("environment is\n%s, want %s", got, tt.proto)
			}
		})
	}
}

func TestUnixSocket(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "s")
	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close() // its file stays
	d := start(t, dir, with(program(t, "as-env"), path)...)
	got := all(t, dial(t, d.addr(1)))
	if !strings.Contains(got, "PROTO=UNIX\n") || strings.Contains(got, "POSTERN_PEER=") {
		t.Errorf("environment is %s", got)
	}
	second := start(t, dir, with(program(t, "as-env"), path)...)
	if err := second.ends(); err == nil {
		t.Error("a second listen has taken the socket of the first")
	}
	d.signal(syscall.SIGTERM)
	if err := d.ends(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestNoSocketIsRemoved(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "precious")
	d := start(t, dir, with(program(t, "as-echo"), filepath.Join(dir, "file"))...)
	if err := d.ends(); err == nil {
		t.Error("listen has taken the name of a file")
	}
	if _, err := os.Stat(filepath.Join(dir, "file")); err != nil {
		t.Error(err)
	}
}

// TestCommandLine has what keeps listen from starting.
func TestCommandLine(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	root := t.TempDir()
	write(t, root, "bad.conf", "MaxClients many\nWorkers 3:x\nBindAddr nowhere\nMaxMsgSize of smtpd\n")
	echo := program(t, "as-echo")
	for _, tt := range []struct {
		args   []string
		status int
		words  string
	}{
		{[]string{"-4", "-6"}, 64, "exclude"},
		{[]string{"--"}, 64, "no program"},
		{[]string{"-k"}, 64, "needs -I"},
		{[]string{"mx.example.org:25"}, 64, `"mx.example.org:25" is not an address (the program stands behind --)`},
		{with(echo, "-w", "1:2:3:4", "127.0.0.1:0"), 64, "n[:uses[:at-once]]"},
		{with(echo, "-w", "1:2:0", "127.0.0.1:0"), 64, "at least one"},
		{with(echo, "-u", "nobody-of-that-name", "127.0.0.1:0"), 78, "no user nobody-of-that-name"},
		{with(echo, "-C", filepath.Join(root, "bad.conf")), 78, "bad.conf:3: BindAddr: \"nowhere\" is not an address"},
		{with(echo, busy.Addr().String()), 71, "address already in use; another program"},
		{with(echo, "iface:nosuch0"), 78, "iface:nosuch0"},
		{with(echo, "-6", "127.0.0.1:0"), 78, "family"},
		{[]string{"127.0.0.1:0", "--", "nosuch"}, 78, "program nosuch is not in"},
		{[]string{"127.0.0.1:0", "--", "/nonexistent"}, 78, "program: stat /nonexistent: no such file"},
		{[]string{"127.0.0.1:0", "--", "/etc/passwd"}, 78, "program: /etc/passwd: permission denied"},
		{[]string{"127.0.0.1:0", "--check-program", "--", self(t), "as-echo"}, 64, "not an address"},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			d := start(t, root, tt.args...)
			err := d.ends()
			if want := fmt.Sprintf("exit status %d", tt.status); err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
			until(t, "words "+tt.words, func() bool {
				d.mu.Lock()
				defer d.mu.Unlock()
				return strings.Contains(strings.Join(d.lines, "\n"), tt.words)
			})
		})
	}
}

func TestProgramChecksFirst(t *testing.T) {
	root := t.TempDir()
	verdict := filepath.Join(root, "verdict")
	args := []string{"--check-program", "127.0.0.1:0", "--", self(t), "as-checked", verdict}
	write(t, root, "verdict", "78")
	if err := start(t, root, args...).ends(); err == nil || err.Error() != "exit status 78" {
		t.Errorf("%v, want exit status 78", err)
	}
	write(t, root, "verdict", "0")
	d := start(t, root, args...)
	c := dial(t, d.addr(1))
	firstLine(t, c)
	write(t, root, "verdict", "78")
	d.signal(syscall.SIGHUP)
	d.logged("not_reloaded", 1)
	write(t, root, "verdict", "0")
	d.signal(syscall.SIGHUP)
	d.logged("reloaded", 1)
	fmt.Fprintln(c, "still here")
	if got := firstLine(t, c); got != "still here" {
		t.Errorf("the session says %q", got)
	}
}

// TestProgramChecksForEver: a look at a configuration that does not end gives way to
// one at a later configuration, and keeps nobody from stopping.
func TestProgramChecksForEver(t *testing.T) {
	root := t.TempDir()
	verdict := filepath.Join(root, "verdict")
	write(t, root, "verdict", "0")
	d := start(t, root, "--check-program", "127.0.0.1:0", "--", self(t), "as-checked", verdict)
	d.addr(1)
	write(t, root, "verdict", "stays")
	d.signal(syscall.SIGHUP)
	until(t, "a look that stays", func() bool {
		_, err := os.Stat(verdict + ".stays")
		return err == nil
	})
	write(t, root, "verdict", "0")
	d.signal(syscall.SIGHUP)
	d.logged("reloaded", 1)
	d.signal(syscall.SIGTERM)
	if err := d.ends(); err != nil {
		t.Error(err)
	}
	if r, ok := d.find("not_reloaded", 1); ok {
		t.Errorf("the log says %s", r.String())
	}
}

// TestLookHasATime: a look at a configuration is ended when its time is over.
func TestLookHasATime(t *testing.T) {
	cmd := exec.Command("sleep", "3600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	now := time.Now()
	l := look{cmd.Process.Pid, now.Add(checkTime)}
	l.tend(now)
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("ended too soon: %v", err)
	}
	l.tend(now.Add(checkTime))
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("%v, want that it was killed", err)
	}
}

func TestStop(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-echo"), "127.0.0.1:0")...)
	c := dial(t, d.addr(1))
	firstLine(t, c)
	d.signal(syscall.SIGTERM)
	until(t, "closed socket", func() bool {
		other, err := net.Dial("tcp", d.addr(1))
		if err == nil {
			other.Close()
		}
		return err != nil
	})
	fmt.Fprintln(c, "still here")
	if got := firstLine(t, c); got != "still here" {
		t.Errorf("the session says %q", got)
	}
	c.Close()
	if err := d.ends(); err != nil {
		t.Error(err)
	}
}

func TestStopNow(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-echo"), "127.0.0.1:0")...)
	c := dial(t, d.addr(1))
	firstLine(t, c)
	d.signal(syscall.SIGTERM)
	d.logged("stopping", 1)
	d.signal(syscall.SIGTERM)
	if got := all(t, c); got != "" {
		t.Errorf("the session says %q", got)
	}
	if err := d.ends(); err != nil {
		t.Error(err)
	}
}

func TestStopTimeout(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "etc/postern/smtpd.conf", "StopTimeout 100ms\nHostname for.smtpd.example\n")
	d := start(t, root, with(program(t, "as-stuck"), "127.0.0.1:0")...)
	c := dial(t, d.addr(1))
	firstLine(t, c)
	begin := time.Now()
	d.signal(syscall.SIGTERM)
	if err := d.ends(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took < killTime {
		t.Errorf("killed after %v, before SIGTERM had its time", took)
	}
}
