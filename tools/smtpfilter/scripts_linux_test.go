package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/lib/e2e"
)

// ownNetwork gives the network, which is this test's alone, addresses of two
// clients and of this host.
func ownNetwork(t *testing.T) {
	t.Helper()
	for _, words := range [][]string{
		{"link", "set", "lo", "up"},
		{"addr", "add", "192.0.2.25/24", "dev", "lo"},
		{"addr", "add", "192.0.2.1/24", "dev", "lo"},
		{"addr", "add", "192.0.2.2/24", "dev", "lo"},
		{"addr", "add", "2001:db8::25/128", "dev", "lo", "nodad"},
		{"addr", "add", "2001:db8:1:2::3/128", "dev", "lo", "nodad"},
		{"addr", "add", "2001:db8:1:3::3/128", "dev", "lo", "nodad"},
	} {
		if out, err := exec.Command("ip", words...).CombinedOutput(); err != nil {
			t.Fatalf("ip %q: %v: %s", words, err, out)
		}
	}
}

// netAdmin is the one capability that the programs have.
const netAdmin = 12 // CAP_NET_ADMIN

// unprivileged runs a command as nobody, with that capability.
func unprivileged(words ...string) *exec.Cmd {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential:  &syscall.Credential{Uid: 65534, Gid: 65534},
		AmbientCaps: []uintptr{netAdmin},
	}
	return cmd
}

// script is one of the examples, where nobody may run it.
type script struct {
	t    *testing.T
	path string
}

func newScript(t *testing.T, name string) script {
	dir := e2e.PublicDir(t)
	text, err := os.ReadFile(name)
	path := filepath.Join(dir, name)
	if err == nil {
		err = os.WriteFile(path, text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return script{t, path}
}

func (s script) run(words ...string) {
	s.t.Helper()
	if out, err := unprivileged(append([]string{s.path}, words...)...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s %q: %v: %s", filepath.Base(s.path), words, err, out)
	}
}

// echo answers each connection to a port with what it says.
func echo(t *testing.T, addr string) {
	t.Helper()
	e2e.Serve(t, "tcp", addr, func(c net.Conn) { io.Copy(c, c) })
}

// connect connects from an address to one of this host.
func connect(from, to string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
	return d.Dial("tcp", to)
}

// allowed says that a connection can be made, and used.
func allowed(t *testing.T, from, to string) net.Conn {
	t.Helper()
	c, err := connect(from, to)
	if err != nil {
		t.Errorf("%s: %v, want a connection", from, err)
		return nil
	}
	t.Cleanup(func() { c.Close() })
	lives(t, c)
	return c
}

// lives says that a connection can be used.
func lives(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	buf := make([]byte, 4)
	fmt.Fprint(c, "ping")
	if _, err := c.Read(buf); err != nil {
		t.Errorf("%v: %v", c.LocalAddr(), err)
	}
}

// refused says that no connection can be made.
func refused(t *testing.T, from, to string) {
	t.Helper()
	c, err := connect(from, to)
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%s: %v, want %v", from, err, syscall.ECONNREFUSED)
	}
}

const (
	smtp4, smtp6 = "192.0.2.25:25", "[2001:db8::25]:25"
	other4       = "192.0.2.25:587"
)

// The examples, with real packet filters: whom they are told of cannot
// connect, all else goes on, and he can again.
func TestScripts(t *testing.T) {
	if !e2e.InNetwork(t, "ip") {
		return
	}
	ownNetwork(t)
	for _, addr := range []string{smtp4, smtp6, other4} {
		echo(t, addr)
	}
	for _, row := range []struct{ name, needs string }{
		{"smtp-filter.nft", "nft"},
		{"smtp-filter.iptables", "iptables"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := exec.LookPath(row.needs); err != nil {
				e2e.Missing(t, "%v", err)
			}
			s := newScript(t, row.name)
			s.run("clear")
			before := allowed(t, "192.0.2.1", smtp4)
			s.run("add", "192.0.2.1")
			s.run("add", "2001:db8:1:2::/64")
			refused(t, "192.0.2.1", smtp4)
			refused(t, "2001:db8:1:2::3", smtp6)
			lives(t, before)
			allowed(t, "192.0.2.1", other4)
			allowed(t, "192.0.2.2", smtp4)
			allowed(t, "2001:db8:1:3::3", smtp6)
			s.run("del", "192.0.2.1")
			allowed(t, "192.0.2.1", smtp4)
			refused(t, "2001:db8:1:2::3", smtp6)
			s.run("del", "2001:db8:1:2::/64")
			allowed(t, "2001:db8:1:2::3", smtp6)
			s.run("add", "192.0.2.2")
			s.run("add", "2001:db8:1:2::/64")
			s.run("clear")
			allowed(t, "192.0.2.2", smtp4)
			allowed(t, "2001:db8:1:2::3", smtp6)
		})
	}
}

// All three examples are shell, and know their three words alone.
func TestScriptsUsage(t *testing.T) {
	for _, name := range []string{"smtp-filter.nft", "smtp-filter.iptables", "smtp-filter.pf"} {
		if out, err := exec.Command("sh", "-n", name).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		for _, words := range [][]string{{name}, {name, "list"}} {
			err := exec.Command("sh", words...).Run()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 64 {
				t.Errorf("%q: %v, want exit status 64", words, err)
			}
		}
	}
}

// The example for pf says to pfctl what pfctl(8) understands. That is all that
// can be shown here: Linux has no pf, and Debian no pfctl that would parse the
// two lines for pf.conf.
func TestPf(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pfctl"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	for words, want := range map[string]string{
		"clear":                 "-q -t postern_smtp -T flush\n",
		"add 192.0.2.1":         "-q -t postern_smtp -T add 192.0.2.1\n",
		"del 2001:db8:1:2::/64": "-q -t postern_smtp -T delete 2001:db8:1:2::/64\n",
	} {
		out, err := exec.Command("sh", append([]string{"smtp-filter.pf"}, strings.Fields(words)...)...).Output()
		if err != nil || string(out) != want {
			t.Errorf("%s: %v, %q; want %q", words, err, out, want)
		}
	}
}
