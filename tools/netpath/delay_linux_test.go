package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A far network is one made up behind a tun device: so many routers, each 20 ms
// behind the one before, then hosts. 10.8.0.i is router i.
const (
	farRouters = 12
	farSilent  = 5 // this router does not answer
	farDelay   = 20 * time.Millisecond
	farHost    = "10.8.1.1"
)

// farNetwork makes a namespace whose way out is the far network.
func farNetwork(tb testing.TB, name string) {
	tb.Helper()
	sh := func(args ...string) {
		tb.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			tb.Fatalf("ip %v: %v\n%s", args, err, out)
		}
	}
	sh("netns", "add", name)
	tb.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() })
	tun, err := openTun(name)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { tun.Close() })
	sh("-n", name, "addr", "add", "10.8.9.1/24", "dev", "far")
	sh("-n", name, "link", "set", "far", "up")
	sh("-n", name, "route", "add", "default", "dev", "far")
	go func() {
		for {
			packet := make([]byte, 1500)
			n, err := tun.Read(packet)
			if err != nil {
				return
			}
			if reply, wait := farReply(packet[:n]); reply != nil {
				time.AfterFunc(wait, func() { tun.Write(reply) })
			}
		}
	}()
}

// openTun opens a tun device in a namespace. The thread is lost to it.
func openTun(namespace string) (tun *os.File, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		var ns *os.File
		if ns, err = os.Open("/run/netns/" + namespace); err != nil {
			return
		}
		defer ns.Close()
		if err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			return
		}
		var fd int
		if fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err != nil {
			return
		}
		var ifr *unix.Ifreq
		if ifr, err = unix.NewIfreq("far"); err != nil {
			return
		}
		ifr.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		if err = unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err != nil {
			return
		}
		tun = os.NewFile(uintptr(fd), "/dev/net/tun")
	}()
	<-done
	return tun, err
}

// farReply is the ICMP message (RFC 792) that answers a datagram, and when it
// comes.
func farReply(packet []byte) (reply []byte, wait time.Duration) {
	if len(packet) < 28 || packet[0]>>4 != 4 || packet[9] != unix.IPPROTO_UDP {
		return nil, 0
	}
	hop := int(packet[8])
	from, typ, code := []byte{10, 8, 0, byte(hop)}, byte(11), byte(0)
	switch {
	case hop > farRouters:
		hop, from, typ, code = farRouters+1, packet[16:20], 3, 3
	case hop == farSilent:
		return nil, 0
	}
	icmp := append([]byte{typ, code, 0, 0, 0, 0, 0, 0}, packet...)
	binary.BigEndian.PutUint16(icmp[2:], checksum(icmp))
	ip := make([]byte, 20)
	ip[0], ip[8], ip[9] = 0x45, 64, unix.IPPROTO_ICMP
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(icmp)))
	copy(ip[12:], from)
	copy(ip[16:], packet[12:16])
	binary.BigEndian.PutUint16(ip[10:], checksum(ip))
	return append(ip, icmp...), time.Duration(hop) * farDelay
}

// checksum is that of RFC 1071.
func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i < len(b); i += 2 {
		sum += uint32(b[i]) << 8
		if i+1 < len(b) {
			sum += uint32(b[i+1])
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// farPath is the path to farHost.
func farPath() string {
	var b strings.Builder
	for i := 1; i <= farRouters; i++ {
		if i == farSilent {
			fmt.Fprintf(&b, "%d *\n", i)
			continue
		}
		fmt.Fprintf(&b, "%d 10.8.0.%d\n", i, i)
	}
	fmt.Fprintf(&b, "%d %s\n", farRouters+1, farHost)
	return b.String()
}

// inNamespace runs a command there; the test binary is the program.
func inNamespace(tb testing.TB, name string, args ...string) string {
	tb.Helper()
	cmd := exec.Command("ip", append([]string{"netns", "exec", name}, args...)...)
	cmd.Env = append(os.Environ(), mainEnv+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// BenchmarkFar compares us with traceroute(8) on a path of 12 routers with
// delays, one of them silent: the metric is its time divided by ours.
func BenchmarkFar(b *testing.B) {
	need(b, "ip", "traceroute")
	name := fmt.Sprintf("netpath-far-%d", os.Getpid())
	farNetwork(b, name)
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		began := time.Now()
		got := inNamespace(b, name, self, "--fresh", farHost)
		ours := time.Since(began)
		if want := farPath(); got != want {
			b.Fatalf("got\n%swant\n%s", got, want)
		}
		began = time.Now()
		theirs := pathOf(inNamespace(b, name, "traceroute", "-n", farHost))
		ratio := float64(time.Since(began)) / float64(ours)
		if theirs != got {
			b.Fatalf("traceroute: got\n%swant\n%s", theirs, got)
		}
		b.ReportMetric(ratio, "traceroute/ours")
		b.ReportMetric(float64(ours.Milliseconds()), "ms-ours")
	}
}

// TestFar: far away too the path is the right one, in one go and for many
// clients at once.
func TestFar(t *testing.T) {
	need(t, "ip")
	name := fmt.Sprintf("netpath-far-%d", os.Getpid())
	farNetwork(t, name)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := inNamespace(t, name, self, "--fresh", farHost), farPath(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	var in strings.Builder
	for i := range 100 {
		fmt.Fprintf(&in, "10.8.1.%d\n", i+1)
	}
	out := inNamespace(t, name, "sh", "-c", "echo '"+in.String()+"' | grep . | "+self+" --fresh")
	i := 0
	for line := range strings.Lines(out) {
		i++
		want := fmt.Sprintf("client_address=10.8.1.%d network_hops=13 network_path=\"10.8.0.1 10.8.0.2 10.8.0.3 10.8.0.4 * 10.8.0.6 ", i)
		if !strings.HasPrefix(line, want) {
			t.Errorf("line %d is %s", i, line)
		}
	}
	if i != 100 {
		t.Errorf("%d lines of 100", i)
	}
}
