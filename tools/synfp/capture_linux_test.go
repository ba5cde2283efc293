package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/e2e"
	"postern/lib/maillog"
	"postern/lib/synfp"
)

// sh runs a shell's line; in the namespace of pid unless that is 0.
func sh(t *testing.T, pid int, line string) {
	t.Helper()
	argv := []string{"sh", "-ec", line}
	if pid != 0 {
		argv = append([]string{"nsenter", "-t", strconv.Itoa(pid), "-n"}, argv...)
	}
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
}

// clientHost is another host, a namespace that a sleeping process holds, at the
// other end of an Ethernet.
func clientHost(t *testing.T) (pid int) {
	t.Helper()
	cmd := exec.Command("sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	sh(t, 0, fmt.Sprintf("ip link add here type veth peer name there netns %d; ip link set lo up; ip link set here mtu 9000 up; ip addr add 10.9.0.1/24 dev here; ip addr add fd09::1/64 dev here nodad", cmd.Process.Pid))
	sh(t, cmd.Process.Pid, "ip link set there up; ip addr add 10.9.0.2/24 dev there; ip addr add fd09::2/64 dev there nodad")
	return cmd.Process.Pid
}

// listener keeps SYNs as listen's sockets do.
func listener(t *testing.T) net.Listener {
	t.Helper()
	c := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_SAVE_SYN, 1) })
	}}
	c.SetMultipathTCP(false)
	l, err := c.Listen(context.Background(), "tcp", "[::]:2525")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// saved accepts a connection and gives the SYN that the kernel kept.
func saved(t *testing.T, l net.Listener) string {
	t.Helper()
	l.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Second))
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var s synfp.SYN
	var ok, again bool
	raw.Control(func(fd uintptr) {
		s, ok = synfp.Saved(int(fd))
		_, again = synfp.Saved(int(fd))
	})
	if !ok || again || s.Client.String() != netAddr(c.RemoteAddr()) {
		t.Errorf("saved: %v of %v, twice: %v; the client is %v", ok, s.Client, again, c.RemoteAddr())
	}
	return s.String()
}

func netAddr(a net.Addr) string {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()).String()
}

// startCapture captures until the process ends.
func startCapture(t testing.TB, w wanted, take func(synfp.SYN)) *capture {
	t.Helper()
	log := maillog.Open(maillog.Options{Stderr: os.Stderr})
	c := newCapture(w, log, func(s synfp.SYN) error { take(s); return nil })
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	go c.run()
	return c
}

// TestFields changes what a host's SYNs are like, and has the kernel, the live
// capture, a capture file, tcpdump and p0f tell each of them.
func TestFields(t *testing.T) {
	if !e2e.InNetwork(t, "ip", "nsenter", "tcpdump", "p0f", "bash") {
		return
	}
	pid := clientHost(t)
	l := listener(t)
	live := make(chan string, 100)
	w := wanted{port: 2525, interfaces: []string{"here"}}
	startCapture(t, w, func(s synfp.SYN) { live <- s.String() })
	file, stop := dump(t, "here")
	cooked, stopCooked := dump(t, "any")
	var all []string
	const sys, four, six = "cd /proc/sys/net/ipv4; echo ", "10.9.0.1", "fd09::1"
	const modern = "Linux 4.20 or later"
	for _, tt := range []struct{ change, to, want, system string }{
		{"", four, "64240:64:1:60:M1460,S,T,N,W", modern},
		{"", six, "64800:64:1:80:M1440,S,T,N,W", modern},
		{sys + "0 >tcp_timestamps", four, "64240:64:1:52:M1460,N,N,S,N,W", modern + ", no timestamps"},
		{sys + "1 >tcp_timestamps; echo 0 >tcp_sack", four, "64240:64:1:60:M1460,N,N,T,N,W", modern + ", no selective acknowledgements"},
		{sys + "1 >tcp_sack; echo 0 >tcp_window_scaling", four, ":64:1:56:M1460,S,T", ""},
		{sys + "0 >tcp_sack; echo 0 >tcp_timestamps", four, ":64:1:44:M1460", ""},
		{sys + "1 >tcp_sack; echo 1 >tcp_timestamps; echo 1 >tcp_window_scaling; echo 99 >ip_default_ttl", four, "64240:99:1:60:M1460,S,T,N,W", ""},
		{sys + "64 >ip_default_ttl; echo 1 >ip_no_pmtu_disc", four, "64240:64:0:60:M1460,S,T,N,W", modern + ", no path MTU discovery"},
		{sys + "0 >ip_no_pmtu_disc; echo '4096 1000000 6000000' >tcp_rmem", four, "65535:64:1:60:M1460,S,T,N,W", "Android, or Linux with a large receive buffer"},
		{sys + "'4096 131072 33554432' >tcp_rmem; ip link set there mtu 1300", four, ":64:1:60:M1260,S,T,N,W", modern},
		{"ip link set there mtu 1280", six, ":64:1:80:M1220,S,T,N,W", modern},
		{"ip link set there mtu 1400", four, ":64:1:60:M1360,S,T,N,W", modern},
		{"ip link set there mtu 1420", four, ":64:1:60:M1380,S,T,N,W", modern},
		{"ip link set there mtu 1480", four, "64800:64:1:60:M1440,S,T,N,W", modern},
		{"ip link set there mtu 1492", four, "65340:64:1:60:M1452,S,T,N,W", modern},
		{"ip link set there mtu 9000", four, "62720:64:1:60:M8960,S,T,N,W", modern + ", jumbo frames"},
		{"", six, "62580:64:1:80:M8940,S,T,N,W", modern + ", jumbo frames"},
	} {
		sh(t, pid, tt.change+"\nbash -c 'exec 3<>/dev/tcp/"+tt.to+"/2525'")
		kernel := saved(t, l)
		if !strings.Contains(kernel, tt.want) {
			t.Errorf("%s: %s, want %s", tt.change, kernel, tt.want)
		}
		f, err := synfp.Parse(kernel)
		if system, _ := synfp.Own().Name(&f, 0); system.String() != tt.system || err != nil {
			t.Errorf("%s is of %q, %v, want %q", kernel, system, err, tt.system)
		}
		select {
		case got := <-live:
			if got != kernel {
				t.Errorf("captured %s, the kernel kept %s", got, kernel)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("nothing captured")
		}
		all = append(all, kernel)
	}
	stop(len(all))
	stopCooked(len(all))
	compare(t, "synfp --read", readBack(t, file), all)
	compare(t, "synfp --read, of all interfaces", readBack(t, cooked), all)
	compare(t, "tcpdump", tcpdumpSays(t, file), all)
	compareP0f(t, file, all)
}

// dump has tcpdump write the SYNs of an interface, or any, into a file, until
// stop, which waits for a number of them.
func dump(t *testing.T, from string) (file string, stop func(int)) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "pcap")
	cmd := exec.Command("tcpdump", "-i", from, "-U", "--immediate-mode", "-Z", "root", "-w", file,
		"tcp dst port 2525 and (tcp[13] & 0x12 = 2 or ip6[53] & 0x12 = 2)")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	until(t, "tcpdump has begun", func() bool { st, err := os.Stat(file); return err == nil && st.Size() >= 24 })
	return file, func(n int) {
		until(t, "tcpdump has all", func() bool { return len(readBack(t, file)) >= n })
	}
}

func readBack(t *testing.T, file string) (list []string) {
	t.Helper()
	err := readFile(file, wanted{}, func(s synfp.SYN) error { list = append(list, s.String()); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func compare(t *testing.T, who string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s says\n%s\nthe kernel kept\n%s", who, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

var tcpdumpFields = regexp.MustCompile(`(?s)(?:ttl|hlim) (\d+).*?(flags \[\w+\]|next-header).*?length:? (\d+).*?win (\d+), options \[(.*?)\]`)

// tcpdumpSays is what tcpdump says of each SYN, put together as a fingerprint.
func tcpdumpSays(t *testing.T, file string) (list []string) {
	t.Helper()
	out, err := exec.Command("tcpdump", "-nvr", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range tcpdumpFields.FindAllStringSubmatch(string(out), -1) {
		size, _ := strconv.Atoi(m[3])
		df := "1"
		switch m[2] {
		case "next-header":
			size += 40
		case "flags [none]":
			df = "0"
		}
		words := strings.Split(m[5], ",")
		for i, w := range words {
			f := strings.Fields(w)
			words[i] = map[string]string{"mss": "M", "sackOK": "S", "TS": "T", "nop": "N", "wscale": "W", "eol": "E"}[f[0]]
			if f[0] == "mss" || f[0] == "wscale" {
				words[i] += f[1]
			}
		}
		list = append(list, fmt.Sprintf("%s:%s:%s:%d:%s", m[4], m[1], df, size, strings.Join(words, ",")))
	}
	return list
}

var rawSig = regexp.MustCompile(`raw_sig +[^\n]*= (\S+)`)

// compareP0f has p0f's signature of each SYN, read as one of its database,
// name that SYN.
func compareP0f(t *testing.T, file string, all []string) {
	t.Helper()
	out, err := exec.Command("p0f", "-r", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	sigs := rawSig.FindAllSubmatch(out, -1)
	if len(sigs) != len(all) {
		t.Fatalf("p0f saw %d of %d SYNs:\n%s", len(sigs), len(all), out)
	}
	for i, m := range sigs {
		text := "[tcp:request]\nlabel = s:x:same:\nsig = " + string(m[1]) + "\n"
		d, err := synfp.Read("x.fp", strings.NewReader(text))
		f, err2 := synfp.Parse(all[i])
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if _, ok := d.Name(&f, 0); !ok {
			t.Errorf("p0f says %s, we %s", m[1], all[i])
		}
	}
}

func pidText(pid int) string { return strconv.Itoa(pid) }
