package e2e

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A client that makes too many errors is refused by the kernel, and let in
// again when an operator says so: smtpd, which may do nothing, smtpfilter with
// one capability, and nftables, in a network of their own.
func TestFilteredByNftables(t *testing.T) {
	if dir := Inside(); dir != "" {
		filterInside(t, dir)
		return
	}
	NeedRoot(t)
	Need(t, "nft", "ip")
	program(t, "smtpfilter")
	RunInside(t, syscall.CLONE_NEWNET, bin)
}

// nobody runs a program as a user without rights, but for those said.
func (in *instance) nobody(caps []uintptr, argv ...string) *server {
	in.t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	log := new(Log)
	cmd.Env, cmd.Dir, cmd.Stderr = in.env(), "/", log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}, AmbientCaps: caps}
	if err := cmd.Start(); err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if in.t.Failed() {
			in.t.Logf("%s said:\n%s", argv[0], log)
		}
	})
	return &server{cmd, log}
}

// filterInside is the test within its namespace.
func filterInside(t *testing.T, programs string) {
	for _, words := range [][]string{
		{"link", "set", "lo", "up"},
		{"addr", "add", "192.0.2.25/24", "dev", "lo"},
		{"addr", "add", "192.0.2.1/24", "dev", "lo"},
		{"addr", "add", "192.0.2.2/24", "dev", "lo"},
		{"addr", "add", "192.0.2.3/24", "dev", "lo"},
		{"addr", "add", "192.0.2.99/24", "dev", "lo"},
	} {
		if out, err := exec.Command("ip", words...).CombinedOutput(); err != nil {
			t.Fatalf("ip %q: %v: %s", words, err, out)
		}
	}
	in := newInstance(t)
	in.root = rootFor(t)
	script, err := os.ReadFile(filepath.Join(moduleRoot(t), "tools/smtpfilter/smtp-filter.nft"))
	if err != nil {
		t.Fatal(err)
	}
	in.write("etc/postern/smtp-filter.nft", string(script))
	in.write("etc/aliases", "")
	in.write("etc/postern/smtpd.conf", "Hostname "+hostname+"\nClientName 0\nSPF 0\nMaxErrorsPerIP 1 2\nMaxConPerIP 3\n"+
		"SMTPFilter smtp-filter.nft\nTrustedNet 192.0.2.99\n")
	in.mkdir("var/lib/postern/filter")
	out, err := exec.Command("sh", "-c", "chmod -R a+rX "+in.root+" && chmod 755 "+in.root+"/etc/postern/smtp-filter.nft && chown -R 65534:65534 "+in.root+"/var").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	filter := in.nobody([]uintptr{12}, programs+"/smtpfilter") // CAP_NET_ADMIN
	await(t, "smtpfilter", func() bool { return filter.log.Has("event=ready") })
	const addr = "192.0.2.25:25"
	in.nobody([]uintptr{10}, programs+"/listen", addr) // CAP_NET_BIND_SERVICE
	accepts(t, addr)
	asked := filepath.Join(in.root, "var/lib/postern/filter/192.0.2.1")

	t.Run("errors", func(t *testing.T) {
		c := tooManyErrors(t, "192.0.2.1", addr)
		await(t, "the client to be filtered", func() bool { return filteredFrom("192.0.2.1", addr) })
		c.ask("NOOP", "250 ") // what is connected stays so
		if filteredFrom("192.0.2.2", addr) {
			t.Error("another client is filtered")
		}
		if err := os.Remove(asked); err != nil {
			t.Fatal(err)
		}
		await(t, "the client to be let in", func() bool { return !filteredFrom("192.0.2.1", addr) })
	})
	t.Run("time", func(t *testing.T) {
		until := time.Now().Add(3 * time.Second).UTC().Format(time.RFC3339)
		if err := os.WriteFile(filepath.Join(filepath.Dir(asked), "192.0.2.2"), []byte(until+" byhand\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		await(t, "the client to be filtered", func() bool { return filteredFrom("192.0.2.2", addr) })
		await(t, "its time to be over", func() bool { return !filteredFrom("192.0.2.2", addr) })
	})
	t.Run("trusted", func(t *testing.T) {
		tooManyErrors(t, "192.0.2.99", addr).quit()
		for range 5 {
			converse(t, dialFrom(t, "192.0.2.99", addr))
		}
		await(t, "a word about it", func() bool { return filter.log.Has("event=trusted net=192.0.2.99") })
		if filteredFrom("192.0.2.99", addr) {
			t.Error("a trusted client is filtered")
		}
	})
	t.Run("crowd", func(t *testing.T) {
		for range 5 {
			converse(t, dialFrom(t, "192.0.2.3", addr))
		}
		await(t, "the client to be filtered", func() bool { return filteredFrom("192.0.2.3", addr) })
	})
	t.Run("stop", func(t *testing.T) {
		filter.cmd.Process.Signal(syscall.SIGTERM)
		if err := filter.cmd.Wait(); err != nil {
			t.Errorf("smtpfilter: %v", err)
		}
		if filteredFrom("192.0.2.3", addr) {
			t.Error("a client is filtered by nobody")
		}
	})
}

// tooManyErrors is a session with three errors.
func tooManyErrors(t *testing.T, from, addr string) *talk {
	t.Helper()
	c := converse(t, dialFrom(t, from, addr))
	c.expect("220 ")
	for range 3 {
		c.ask("NOSUCH", "500 ")
	}
	return c
}

// filteredFrom says whether the kernel refuses connections from an address. One
// that is made is brought to its end, as those of a client are counted.
func filteredFrom(from, addr string) bool {
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.Dial("tcp", addr)
	if err == nil {
		conn.SetDeadline(time.Now().Add(patience))
		io.WriteString(conn, "QUIT\r\n")
		io.Copy(io.Discard, conn)
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
