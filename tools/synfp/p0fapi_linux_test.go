package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/e2e"
	"postern/lib/synfp"
)

// sendFrames has a host send frames that are all its own.
func sendFrames(t *testing.T, pid int, frames [][]byte) {
	t.Helper()
	done := make(chan error)
	go func() { done <- sendFrom(pid, frames) }()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// sendFrom sends from the namespace of a process. The thread is lost to it.
func sendFrom(pid int, frames [][]byte) error {
	runtime.LockOSThread()
	ns, err := os.Open("/proc/" + pidText(pid) + "/ns/net")
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	ifi, err := net.InterfaceByName("there")
	if err != nil {
		return err
	}
	for _, f := range frames {
		if err := unix.Sendto(fd, f, 0, &unix.SockaddrLinklayer{Ifindex: ifi.Index}); err != nil {
			return err
		}
	}
	return nil
}

// framesOf puts crafted SYNs, each of a host of its own, into frames to here.
func framesOf(t *testing.T, list []crafted) (frames [][]byte, hosts []netip.Addr) {
	t.Helper()
	here, err := net.InterfaceByName("here")
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		p, kind, at := list[i].packet(uint16(1000+i)), "\x08\x00", 15
		if list[i].six {
			kind, at = "\x86\xdd", 23
		}
		p[at] = byte(10 + i)
		s, err := synfp.ParsePacket(p)
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, s.Client.Addr())
		frames = append(frames, append(append(append([]byte{}, here.HardwareAddr...), "\x02\x00\x00\x00\x00\x01"+kind...), p...))
	}
	return frames, hosts
}

// A collecting is a collector of the interface "here".
func collecting(t *testing.T, db *synfp.Database) (b *buffer, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "synfp")
	l, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	b = newBuffer(1000)
	startCapture(t, wanted{interfaces: []string{"here"}}, func(s synfp.SYN) { b.add(s, time.Now()) })
	go newCollector(b, naming{db, 0}).serve(l)
	return b, path
}

// askP0f asks p0f's question at a socket.
func askP0f(t *testing.T, path string, a netip.Addr) []byte {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	q := make([]byte, p0fQuestion)
	binary.NativeEndian.PutUint32(q, magicAsk)
	q[4] = 4
	if a.Is6() {
		q[4] = 6
	}
	copy(q[5:], a.AsSlice())
	reply := make([]byte, p0fAnswer)
	if _, err := c.Write(q); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, reply); err != nil {
		t.Fatal(err)
	}
	return reply
}

// timeless clears what has to do with when a packet came, in an answer.
func timeless(reply []byte) string {
	for i := atFirst; i < atTotal; i++ {
		reply[i] = 0
	}
	return fmt.Sprintf("%q", reply)
}

// TestAnswersAsP0f has Debian's p0f and our collector see the same SYNs, and
// asks both of each host; all 232 octets must be the same, but for the times.
func TestAnswersAsP0f(t *testing.T) {
	if !e2e.InNetwork(t, "ip", "nsenter", "p0f") {
		return
	}
	pid := clientHost(t)
	theirs := filepath.Join(t.TempDir(), "p0f")
	cmd := exec.Command("p0f", "-i", "here", "-s", theirs)
	out := new(logged)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	until(t, "p0f begins", out.has("Entered main event loop"))
	b, ours := collecting(t, p0fDatabase(t))
	list := craft()
	frames, hosts := framesOf(t, list)
	sendFrames(t, pid, frames)
	for i, host := range hosts {
		until(t, list[i].name+" is seen", func() bool { _, _, ok := b.host(host); return ok })
		until(t, "p0f sees "+list[i].name, func() bool { return askP0f(t, theirs, host)[atStatus] == p0fOK })
		us, them := timeless(askP0f(t, ours, host)), timeless(askP0f(t, theirs, host))
		if us != them {
			t.Errorf("%s:\nwe say   %s\np0f says %s", list[i].name, us, them)
		}
	}
	stranger := netip.MustParseAddr("198.51.100.1")
	if us, them := askP0f(t, ours, stranger), askP0f(t, theirs, stranger); !bytes.Equal(us, them) {
		t.Errorf("of a stranger:\nwe say   %q\np0f says %q", us, them)
	}
}
