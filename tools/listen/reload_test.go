package main

import (
	"net"
	"strings"
	"syscall"
	"testing"

	"postern/lib/e2e"
)

// freePort is a port that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	_, port, _ := net.SplitHostPort(e2e.FreePort(t))
	return port
}

func TestReloadRebinds(t *testing.T) {
	root := t.TempDir()
	a, b, c := freePort(t), freePort(t), freePort(t)
	configure := func(ports ...string) {
		write(t, root, "etc/postern/smtpd.conf", "BindAddr 127.0.0.1 "+strings.Join(ports, "\nBindAddr 127.0.0.1 ")+"\n")
	}
	configure(a, b)
	d := start(t, root, program(t, "as-echo")...)
	d.addr(2)
	session, _ := greeting(t, "127.0.0.1:"+a)
	configure(b, c)
	d.signal(syscall.SIGHUP)
	d.logged("reloaded", 1)
	for _, port := range []string{b, c} {
		greeting(t, "127.0.0.1:"+port)
	}
	until(t, "closed socket", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+a)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	say(t, session, "still here")
	// What cannot be had changes nothing.
	busy, err := net.Listen("tcp", "127.0.0.1:"+a)
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	configure(a)
	d.signal(syscall.SIGHUP)
	if r := d.logged("not_reloaded", 1); !strings.Contains(r.Value("error"), "address already in use") {
		t.Errorf("the log says %s", r.String())
	}
	greeting(t, "127.0.0.1:"+b)
	write(t, root, "etc/postern/smtpd.conf", "MaxClients many\n")
	d.signal(syscall.SIGHUP)
	if r := d.logged("not_reloaded", 2); !strings.Contains(r.Value("error"), "smtpd.conf:1: MaxClients") {
		t.Errorf("the log says %s", r.String())
	}
	greeting(t, "127.0.0.1:"+c)
}

func TestReloadChangesLimits(t *testing.T) {
	root := t.TempDir()
	d := start(t, root, with(program(t, "as-echo"), "127.0.0.1:0")...)
	greeting(t, d.addr(1))
	write(t, root, "etc/postern/smtpd.conf", "MaxConPerIP 1\n")
	d.signal(syscall.SIGHUP)
	d.logged("reloaded", 1)
	if got := all(t, dial(t, d.addr(1))); !strings.Contains(got, "(2 max 1)") {
		t.Errorf("the client is told %q", got)
	}
}

// TestNothingIsLost connects while listen is told to stop: whoever was
// connected is served.
func TestNothingIsLost(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-echo"), "-c", "1000", "-m", "1000", "127.0.0.1:0")...)
	d.addr(1)
	var conns []net.Conn
	for range 100 {
		conns = append(conns, dial(t, d.addr(1)))
	}
	d.signal(syscall.SIGTERM)
	for i, c := range conns {
		if got := firstLine(t, c); !strings.HasPrefix(got, "hello ") {
			t.Fatalf("number %d is told %q", i, got)
		}
		c.Close()
	}
	if err := d.ends(); err != nil {
		t.Error(err)
	}
}
