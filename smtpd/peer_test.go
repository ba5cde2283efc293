package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPeerFromDir(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("remote", "::ffff:192.0.2.7!4242\n")
	write("local", "192.0.2.25!25\n")
	p, err := findPeer(-1, dir, noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.client.String() + " " + p.server.String(); got != "192.0.2.7:4242 192.0.2.25:25" {
		t.Errorf("peer is %s", got)
	}
	write("remote", "nonsense")
	if _, err := findPeer(-1, dir, noEnv); err == nil || !strings.Contains(err.Error(), `"nonsense" is not ip!port`) {
		t.Errorf("error is %v", err)
	}
}

func noEnv(string) string { return "" }

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestPeerOrder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, err := c.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	socket := int(f.Fd())
	stated := "client_address=198.51.100.1 client_port=7 server_address=198.51.100.2 server_port=25"
	for _, c := range []struct {
		name string
		fd   int
		env  func(string) string
		want string
	}{
		{"what listen states wins over the socket", socket, env("POSTERN_PEER", stated), "198.51.100.1:7"},
		{"the socket wins over the super-server", socket, env("TCPREMOTEIP", "203.0.113.9"), l.Addr().String()},
		{"tcpserver, when there is no socket", -1, env("TCPREMOTEIP", "203.0.113.9", "TCPREMOTEPORT", "99"), "203.0.113.9:99"},
		{"a mapped address", -1, env("TCPREMOTEIP", "::ffff:203.0.113.9"), "203.0.113.9:0"},
		{"xinetd", -1, env("REMOTE_ADDR", "203.0.113.10"), "203.0.113.10:0"},
		{"nobody knows", -1, noEnv, "invalid AddrPort"},
		{"nonsense", -1, env("TCPREMOTEIP", "$(id)"), "invalid AddrPort"},
	} {
		p, err := findPeer(c.fd, "", c.env)
		if err != nil || p.client.String() != c.want {
			t.Errorf("%s: %v, %v; want %s", c.name, p.client, err, c.want)
		}
	}
}
