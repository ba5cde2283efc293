package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/lib/e2e"
)

// flood is how many connections are offered, and floodGrowth how much memory,
// in KiB, they may cost listen: less than a goroutine for each would.
const (
	flood       = 5000
	floodGrowth = 16 << 10
)

// TestFloodLeavesMemoryFlat holds every connection open that it is left.
func TestFloodLeavesMemoryFlat(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is read from /proc")
	}
	if underRace() {
		t.Skip("the race detector takes memory of its own")
	}
	for _, args := range [][]string{{"as-echo", "-c", "4"}, {"as-worker", "-c", "4", "-w", "2"}, {"as-echo", "-c", "200", "--proxy", "127.0.0.0/8"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			d := start(t, t.TempDir(), with(program(t, args[0]), append(args[1:], "127.0.0.1:0")...)...)
			before := peak(t, d)
			var clients sync.WaitGroup
			for i := range 10 {
				clients.Go(func() { offer(t, d.addr(1), i) })
			}
			clients.Wait()
			if grown := peak(t, d) - before; grown > floodGrowth {
				t.Errorf("listen has grown by %d KiB", grown)
			}
		})
	}
}

// underRace says whether the test was built with the race detector.
func underRace() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" })
}

// offer opens a tenth of the connections, from one address.
func offer(t *testing.T, addr string, from int) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(from))}, Timeout: waitTime}
	for range flood / 10 {
		c, err := d.Dial("tcp", addr)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
	}
}

// peak is the most memory that listen has had, in KiB.
func peak(t *testing.T, d *daemon) (kib int) {
	t.Helper()
	d.addr(1)
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		fmt.Sscanf(line, "VmHWM: %d kB", &kib)
	}
	if kib == 0 {
		t.Fatal("no VmHWM")
	}
	return kib
}

// BenchmarkConnection is a connection with a program of its own, the smallest
// that the host has, and one with a program that stays.
func BenchmarkConnection(b *testing.B) {
	for _, bb := range []struct {
		name string
		args []string
	}{
		{"own", []string{"127.0.0.1:0", "--", e2e.Need(b, "true")[0]}},
		{"stays", with(program(b, "as-worker"), "-w", "4:0", "127.0.0.1:0")},
	} {
		b.Run(bb.name, func(b *testing.B) {
			d := start(b, b.TempDir(), bb.args...)
			addr := d.addr(1)
			for b.Loop() {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					b.Fatal(err)
				}
				c.(*net.TCPConn).CloseWrite()
				c.SetDeadline(time.Now().Add(waitTime))
				for buf := make([]byte, 64); err == nil; {
					_, err = c.Read(buf)
				}
				c.Close()
			}
		})
	}
}
