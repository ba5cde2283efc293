package dnstest

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/lib/dns"
)

// SignedZone is a zone for StartValidating.
type SignedZone struct {
	Name  string
	Text  string // the SOA and NS records are added
	Plain bool   // it is not signed
	// Spoil changes the text after it was signed; nil for an honest zone.
	Spoil func(string) string
}

const zoneHead = `$ORIGIN %s.
$TTL 300
@ IN SOA ns root 1 60 60 60 60
@ IN NS ns
ns IN A 127.0.0.1
`

const nsdConf = `server:
	ip-address: 127.0.0.1@%d
	port: %[1]d
	username: ""
	zonesdir: "%[2]s"
	database: ""
	pidfile: "%[2]s/nsd.pid"
	xfrdfile: "%[2]s/xfrd"
	zonelistfile: "%[2]s/zones"
	xfrdir: "%[2]s"
	server-count: 1
	rrl-ratelimit: 0
remote-control:
	control-enable: no
`

const unboundConf = `server:
	interface: 127.0.0.1
	port: %d
	username: ""
	chroot: ""
	directory: "%s"
	pidfile: ""
	use-syslog: no
	do-daemonize: no
	do-ip6: no
	do-not-query-localhost: no
	module-config: "validator iterator"
	ede: yes
	val-log-level: 2
remote-control:
	control-enable: no
`

// StartValidating starts nsd with the zones, signed by keys made for the test,
// and in front of it unbound, which trusts those keys and validates what nsd
// says. The answer is where unbound listens. need is e2e.Need, which finds the
// programs or skips the test.
func StartValidating(t testing.TB, need func(t testing.TB, programs ...string) []string, zones ...SignedZone) netip.AddrPort {
	t.Helper()
	tools := need(t, "nsd", "unbound", "ldns-keygen", "ldns-signzone")
	dir := t.TempDir()
	master, cache := freePort(t), freePort(t)
	nsd := fmt.Sprintf(nsdConf, master, dir)
	unbound := fmt.Sprintf(unboundConf, cache, dir)
	for _, z := range zones {
		file := z.sign(t, dir, tools[2], tools[3])
		nsd += fmt.Sprintf("zone:\n\tname: %q\n\tzonefile: %q\n", z.Name, file)
		unbound += fmt.Sprintf("stub-zone:\n\tname: %q\n\tstub-addr: 127.0.0.1@%d\n", z.Name, master)
		if !z.Plain {
			unbound = strings.Replace(unbound, "server:\n", fmt.Sprintf("server:\n\ttrust-anchor-file: %q\n", anchor(dir, z.Name)), 1)
		}
	}
	put(t, filepath.Join(dir, "nsd.conf"), nsd)
	put(t, filepath.Join(dir, "unbound.conf"), unbound)
	startServer(t, tools[0], "-d", "-c", filepath.Join(dir, "nsd.conf"))
	startServer(t, tools[1], "-d", "-c", filepath.Join(dir, "unbound.conf"))
	server := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), cache)
	awaitAnswer(t, server, "ns."+zones[0].Name)
	return server
}

// anchor is the file with the key of a zone.
func anchor(dir, zone string) string { return filepath.Join(dir, zone+".key") }

// sign writes the zone into a file, with a new key when it is to be signed.
func (z SignedZone) sign(t testing.TB, dir, keygen, signzone string) (file string) {
	t.Helper()
	file = filepath.Join(dir, z.Name+".zone")
	put(t, file, fmt.Sprintf(zoneHead, z.Name)+z.Text)
	if z.Plain {
		return file
	}
	key := strings.TrimSpace(command(t, dir, keygen, "-a", "ECDSAP256SHA256", "-k", z.Name))
	if err := os.Rename(filepath.Join(dir, key+".key"), anchor(dir, z.Name)); err != nil {
		t.Fatal(err)
	}
	command(t, dir, "cp", anchor(dir, z.Name), key+".key")
	command(t, dir, signzone, "-f", file+".signed", file, key)
	if z.Spoil != nil {
		text, err := os.ReadFile(file + ".signed")
		if err != nil {
			t.Fatal(err)
		}
		put(t, file+".signed", z.Spoil(string(text)))
	}
	return file + ".signed"
}

// command runs a program to its end and answers what it printed.
func command(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v", name, args, err)
	}
	return string(out)
}

// startServer starts a program that ends, with its children, with the test.
func startServer(t testing.TB, name string, args ...string) {
	t.Helper()
	var log strings.Builder
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
}

// awaitAnswer waits until the servers are up.
func awaitAnswer(t testing.TB, server netip.AddrPort, name string) {
	t.Helper()
	r := dns.New(dns.Config{Servers: []netip.AddrPort{server}, Try: 200 * time.Millisecond, Rounds: 1})
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if _, err := r.LookupIP(context.Background(), "ip4", name); err == nil {
			return
		}
	}
	t.Fatalf("nobody answers about %s", name)
}

// freePort finds a port that is free for UDP and TCP.
func freePort(t testing.TB) uint16 {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.ListenPacket("udp4", l.Addr().String())
		l.Close()
		if err == nil {
			c.Close()
			return l.Addr().(*net.TCPAddr).AddrPort().Port()
		}
	}
	t.Fatal("no free port")
	return 0
}

func put(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
