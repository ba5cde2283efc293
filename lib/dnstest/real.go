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

// Zone is a zone for real servers.
type Zone struct {
	Name   string
	Text   string // below an SOA and an NS record, which are added
	Signed bool
	// Spoil changes the text after it was signed; nil for an honest zone.
	Spoil func(string) string

	keys string // folder for the key that others trust
}

// Need is e2e.Need, which finds programs or skips the test.
type Need func(t testing.TB, programs ...string) []string

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
%sremote-control:
	control-enable: no
`

// StartNSD starts NLnet Labs' name server with the zones, and answers where it
// listens.
func StartNSD(t testing.TB, need Need, zones ...Zone) netip.AddrPort {
	t.Helper()
	nsd := need(t, "nsd")[0]
	dir := t.TempDir()
	port := FreePort(t)
	conf := fmt.Sprintf(nsdConf, port, dir)
	for _, z := range zones {
		conf += fmt.Sprintf("zone:\n\tname: %q\n\tzonefile: %q\n", z.Name, z.write(t, need, dir))
	}
	return startServer(t, port, zones[0], nsd, "-d", "-c", put(t, filepath.Join(dir, "nsd.conf"), conf))
}

// StartValidating starts nsd with the zones, those that are signed by keys made
// for the test, and in front of it unbound, which trusts those keys and
// validates what nsd says. It answers where unbound listens.
func StartValidating(t testing.TB, need Need, zones ...Zone) netip.AddrPort {
	t.Helper()
	unbound := need(t, "unbound")[0]
	dir := t.TempDir()
	keys, stubs := "", ""
	for i, z := range zones {
		zones[i].keys = dir
		if z.Signed {
			keys += fmt.Sprintf("\ttrust-anchor-file: %q\n", zones[i].anchor())
		}
	}
	master := StartNSD(t, need, zones...)
	for _, z := range zones {
		stubs += fmt.Sprintf("stub-zone:\n\tname: %q\n\tstub-addr: 127.0.0.1@%d\n", z.Name, master.Port())
	}
	port := FreePort(t)
	conf := fmt.Sprintf(unboundConf, port, dir, keys) + stubs
	return startServer(t, port, zones[0], unbound, "-d", "-c", put(t, filepath.Join(dir, "unbound.conf"), conf))
}

// anchor is the file with the key of a zone.
func (z Zone) anchor() string { return filepath.Join(z.keys, z.Name+".key") }

// write writes the zone into a file, with a new key when it is to be signed.
func (z Zone) write(t testing.TB, need Need, dir string) (file string) {
	t.Helper()
	file = put(t, filepath.Join(dir, z.Name+".zone"), fmt.Sprintf(zoneHead, z.Name)+z.Text)
	if !z.Signed {
		return file
	}
	tools := need(t, "ldns-keygen", "ldns-signzone")
	key := strings.TrimSpace(command(t, dir, tools[0], "-a", "ECDSAP256SHA256", "-k", z.Name))
	if z.keys != "" {
		put(t, z.anchor(), text(t, filepath.Join(dir, key+".key")))
	}
	signed := file + ".signed"
	command(t, dir, tools[1], "-f", signed, file, key)
	if z.Spoil != nil {
		put(t, signed, z.Spoil(text(t, signed)))
	}
	return signed
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

// startServer starts a program that ends, with its children, with the test, and
// waits until it answers about a zone.
func startServer(t testing.TB, port uint16, z Zone, name string, args ...string) netip.AddrPort {
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
	addr := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
	r := dns.New(dns.Config{Servers: []netip.AddrPort{addr}, Try: 200 * time.Millisecond, Rounds: 1})
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := r.LookupIP(context.Background(), "ip4", "ns."+z.Name); err == nil {
			return addr
		}
	}
	t.Fatalf("%s does not answer", name)
	return addr
}

// FreePort finds a port of 127.0.0.1 that is free for both UDP and TCP.
func FreePort(t testing.TB) uint16 {
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

// put writes a file and answers its name.
func put(t testing.TB, file, text string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func text(t testing.TB, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
