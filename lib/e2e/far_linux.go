package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Far is a network made up behind a tun device, of IPv4 only: routers 10.8.0.1,
// 10.8.0.2 and so on, each so much behind the one before, then hosts, which are
// all other addresses.
type Far struct {
	Routers int
	Delay   time.Duration // of the round trip from one router to the next
	Silent  []int         // routers that do not answer; Routers+1 are the hosts
	Drop    map[int]int   // how many probes a router drops before it answers
	Short   []int         // routers, or Routers+1, that quote 8 octets (RFC 792)

	Hold <-chan struct{} // no answer comes before it is closed, if it is there

	Name   string       // of the namespace whose way out this is
	Probes atomic.Int64 // packets that came since Start
	tun    *os.File
}

// FarHost is one of the hosts.
const FarHost = "10.8.1.1"

// Start makes a namespace that is gone when the test ends. It takes root and ip.
func (f *Far) Start(tb testing.TB) {
	tb.Helper()
	NeedRoot(tb)
	Need(tb, "ip")
	f.Probes.Store(0)
	f.Name = fmt.Sprintf("far-%d-%d", os.Getpid(), chains.Add(1))
	sh := func(args ...string) {
		tb.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			tb.Fatalf("ip %v: %v\n%s", args, err, out)
		}
	}
	sh("netns", "add", f.Name)
	tb.Cleanup(func() { _ = exec.Command("ip", "netns", "del", f.Name).Run() })
	var err error
	if f.tun, err = openTun(f.Name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.tun.Close() })
	sh("-n", f.Name, "addr", "add", "10.8.9.1/24", "dev", "far")
	sh("-n", f.Name, "link", "set", "far", "up")
	sh("-n", f.Name, "route", "add", "default", "dev", "far")
	go f.serve()
}

// Command is a command in the namespace.
func (f *Far) Command(args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", f.Name}, args...)...)
}

// serve answers until the device is closed.
func (f *Far) serve() {
	dropped := make(map[int]int)
	for {
		packet := make([]byte, 1500)
		n, err := f.tun.Read(packet)
		if err != nil {
			return
		}
		if packet = packet[:n]; n < 28 || packet[0]>>4 != 4 {
			continue
		}
		f.Probes.Add(1)
		hop := min(int(packet[8]), f.Routers+1)
		dropped[hop]++
		if slices.Contains(f.Silent, hop) || dropped[hop] <= f.Drop[hop] {
			continue
		}
		if reply := f.reply(packet, hop); reply != nil {
			time.AfterFunc(time.Duration(hop)*f.Delay, func() { f.answer(reply) })
		}
	}
}

// answer sends an answer, when it may come.
func (f *Far) answer(reply []byte) {
	if f.Hold != nil {
		<-f.Hold
	}
	_, _ = f.tun.Write(reply) // whoever asked may be gone
}

// reply is what a router or a host answers.
func (f *Far) reply(packet []byte, hop int) []byte {
	quote := packet
	if slices.Contains(f.Short, hop) {
		quote = packet[:28]
	}
	host := [4]byte(packet[16:20])
	switch {
	case hop <= f.Routers:
		return datagram(packet, [4]byte{10, 8, 0, byte(hop)}, unix.IPPROTO_ICMP, icmp(11, 0, quote))
	case packet[9] == unix.IPPROTO_UDP:
		return datagram(packet, host, unix.IPPROTO_ICMP, icmp(3, 3, quote))
	case packet[9] == unix.IPPROTO_ICMP && packet[20] == 8:
		echo := slices.Clone(packet[20:])
		echo[0], echo[2], echo[3] = 0, 0, 0
		binary.BigEndian.PutUint16(echo[2:], checksum(echo))
		return datagram(packet, host, unix.IPPROTO_ICMP, echo)
	case packet[9] == unix.IPPROTO_TCP && len(packet) >= 40 && packet[33] == 2:
		return datagram(packet, host, unix.IPPROTO_TCP, reset(packet))
	}
	return nil
}

// icmp is an error message (RFC 792).
func icmp(typ, code byte, quote []byte) []byte {
	b := append([]byte{typ, code, 0, 0, 0, 0, 0, 0}, quote...)
	binary.BigEndian.PutUint16(b[2:], checksum(b))
	return b
}

// reset is the RST that answers a SYN (RFC 9293 3.10.7.1).
func reset(packet []byte) []byte {
	syn := packet[20:]
	b := make([]byte, 20)
	copy(b, syn[2:4])
	copy(b[2:], syn[:2])
	binary.BigEndian.PutUint32(b[8:], binary.BigEndian.Uint32(syn[4:])+1)
	b[12], b[13] = 5<<4, 0x14
	pseudo := append(slices.Clone(packet[12:20]), 0, unix.IPPROTO_TCP, 0, 20)
	binary.BigEndian.PutUint16(b[16:], checksum(append(pseudo, b...)))
	return b
}

// datagram puts an IPv4 header in front, back to whoever sent the packet.
func datagram(packet []byte, from [4]byte, protocol byte, payload []byte) []byte {
	b := make([]byte, 20)
	b[0], b[8], b[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)+len(payload)))
	copy(b[12:], from[:])
	copy(b[16:], packet[12:16])
	binary.BigEndian.PutUint16(b[10:], checksum(b))
	return append(b, payload...)
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

// openTun opens a tun device in a namespace.
func openTun(namespace string) (tun *os.File, err error) {
	insideErr := inside(namespace, func() { tun, err = makeTun() })
	return tun, errors.Join(insideErr, err)
}

// inside runs f in a namespace, on a thread that is lost to it.
func inside(namespace string, f func()) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err = enter(namespace); err == nil {
			f()
		}
	}()
	<-done
	return err
}

// enter puts this thread into a namespace.
func enter(namespace string) error {
	ns, err := os.Open("/run/netns/" + namespace)
	if err != nil {
		return err
	}
	defer ns.Close()
	return os.NewSyscallError("setns", unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET))
}

// makeTun makes the device "far".
func makeTun() (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: "/dev/net/tun", Err: err}
	}
	ifr, err := unix.NewIfreq("far")
	if err == nil {
		ifr.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr)
	}
	if err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("ioctl", err)
	}
	return os.NewFile(uintptr(fd), "/dev/net/tun"), nil
}
