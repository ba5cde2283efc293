package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var fingerprintToken = regexp.MustCompile(`syn-fingerprint=(\d+:\d+:[01]:\d+:[0-9A-Z,?.]+)`)

// fingerprint is what X-Avenger of a user's only message says.
func (in *instance) fingerprint(user string) string {
	in.t.Helper()
	text := in.message(user)
	m := fingerprintToken.FindStringSubmatch(text)
	if m == nil {
		in.t.Fatalf("no fingerprint in the message:\n%s", text)
	}
	return m[1]
}

// TestSYNInHeader: the fingerprint of the client's SYN, which the kernel keeps
// for listen's sockets, reaches the message without any privilege, whatever way
// the connection goes to smtpd; and is what synfp captures, where it may.
func TestSYNInHeader(t *testing.T) {
	for _, way := range [][]string{nil, {"-w", "1"}, {"-w", "1:0:4"}} {
		t.Run(strings.Join(way, " "), func(t *testing.T) {
			in := newInstance(t, "SPF 0")
			addr := FreePort(t)
			_, port, _ := net.SplitHostPort(addr)
			in.start(program(t, "listen"), append(way, addr)...)
			var watch *server
			if os.Getuid() == 0 {
				watch = in.start(program(t, "synfp"), port, "127.0.0.1", "lo")
				await(t, "synfp captures", func() bool { accepts(t, addr); return watch.log.String() != "" })
			}
			accepts(t, addr)
			c := dial(t, addr)
			c.hello()
			c.mail("a SYN", "ann@"+hostname)
			c.quit()
			got := in.fingerprint("ann")
			if !strings.Contains(got, ",S,T,N,W") && Real() {
				t.Errorf("the fingerprint is %s, not one of a Linux host", got)
			}
			if watch != nil {
				client := c.conn.LocalAddr().(*net.TCPAddr)
				line := fmt.Sprintf("%s %d %s\n", client.IP, client.Port, got)
				await(t, "synfp prints "+line, func() bool { return watch.log.Has(line) })
			}
		})
	}
}

// TestSYNFromCollector: of a connection that another accepted, the collector is
// asked.
func TestSYNFromCollector(t *testing.T) {
	NeedRoot(t)
	in := newInstance(t, "SPF 0", "SynFpWait 5000")
	in.mkdir("run/postern")
	in.start(program(t, "synfp"), "--collect", "0", "127.0.0.1", "lo")
	await(t, "a collector", func() bool {
		_, err := os.Stat(filepath.Join(in.root, "run/postern/synfp"))
		return err == nil
	})
	conn, p := in.connect(program(t, "smtpd"))
	c := converse(t, conn)
	c.expect("220 ")
	c.hello()
	c.mail("a SYN", "ann@"+hostname)
	c.quit()
	<-p.done
	got := in.fingerprint("ann")
	if log := p.log.String(); !strings.Contains(log, "syn_fingerprint="+got) {
		t.Errorf("%s is not in the log:\n%s", got, log)
	}
	client := conn.LocalAddr().(*net.TCPAddr)
	out, status := in.run(fmt.Sprintf("client_address=%s client_port=%d\n", client.IP, client.Port), program(t, "synfp"))
	if status != 0 || !strings.Contains(out, "syn_fingerprint="+got) || !strings.Contains(out, "syn_os=") {
		t.Errorf("synfp as a filter: %d %s, want %s", status, out, got)
	}
}

// TestSYNBehindSuperServers: behind those that accept connections themselves the
// collector tells smtpd what came, and what the filter and p0f's askers are told.
func TestSYNBehindSuperServers(t *testing.T) {
	NeedRoot(t)
	for _, s := range superServers {
		if s.needs == nil || s.name == "tcpserver" {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			path := Need(t, s.needs...)[0]
			in := newInstance(t, "SPF 0", "SynFpWait 5000")
			addr := FreePort(t)
			_, port, _ := net.SplitHostPort(addr)
			in.start(program(t, "synfp"), "--collect", port, "127.0.0.1", "lo")
			await(t, "a collector", func() bool {
				out, status := in.run("", program(t, "synfp"), "--check")
				return status == 0 && strings.Contains(out, "/run/postern/synfp answers\n")
			})
			s.start(in, path, addr)
			accepts(t, addr)
			c := dial(t, addr)
			c.hello()
			c.mail("a SYN", "ann@"+hostname)
			c.quit()
			got, client := in.fingerprint("ann"), c.conn.LocalAddr().(*net.TCPAddr)
			out, status := in.run(fmt.Sprintf("client_address=%s client_port=%d\n", client.IP, client.Port), program(t, "synfp"))
			if status != 0 || !strings.Contains(out, "syn_fingerprint="+got+" ") {
				t.Errorf("synfp as a filter: %d %s, want %s", status, out, got)
			}
		})
	}
}

// TestCaptureUnprivileged: who may not capture is told what is missing, and one
// with that capability alone may.
func TestCaptureUnprivileged(t *testing.T) {
	NeedRoot(t)
	in := newInstance(t)
	for _, dir := range []string{filepath.Dir(in.root), in.root, filepath.Join(in.root, "etc"), filepath.Join(in.root, "etc/postern")} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := in.nobody(nil, program(t, "synfp"), "25", "127.0.0.1", "lo")
	await(t, "a word on CAP_NET_RAW", func() bool { return s.log.Has("CAP_NET_RAW is missing") })
	const capNetRaw = 13 // capabilities(7)
	able := in.nobody([]uintptr{capNetRaw}, program(t, "synfp"), "--socket", filepath.Join(t.TempDir(), "none", "s"), "--collect", "25", "127.0.0.1", "lo")
	await(t, "captured, and no socket", func() bool { return able.log.Has("bind: ") })
}

// startCollector has synfp collect the SYNs of Postfix's clients.
func (h *policyHost) startCollector() {
	h.t.Helper()
	socket := filepath.Join(h.root, "synfp")
	cmd := exec.Command(filepath.Join(h.programs, "synfp"), "--collect", "--socket", socket, "0", "127.0.0.1", "lo")
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	await(h.t, "a collector", func() bool {
		out, err := exec.Command(filepath.Join(h.programs, "synfp"), "--check", "--socket", socket).Output()
		return err == nil && strings.Contains(string(out), socket+" answers\n")
	})
}
