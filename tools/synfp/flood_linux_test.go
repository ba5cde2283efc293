package main

import (
	"bytes"
	"os"
	"regexp"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/e2e"
	"postern/lib/maillog"
	"postern/lib/synfp"
)

// flood is how many SYNs must all be captured, and how many come in a second.
const (
	flood     = 20000
	perSecond = 20000
)

// A catcher keeps the SYNs to a closed port of loopback, as the collector does.
type catcher struct {
	*buffer
	*capture
	n   int
	all chan struct{} // closed when there are as many as are waited for
}

func newCatcher(t testing.TB, want int) *catcher {
	c := &catcher{buffer: newBuffer(1000), all: make(chan struct{})}
	c.capture = startCapture(t, wanted{port: 9, interfaces: []string{"lo"}}, func(s synfp.SYN) {
		c.add(s, time.Now())
		if c.n++; c.n == want {
			close(c.all)
		}
	})
	return c
}

// sendFlood sends SYNs at a pace, 0 for as fast as can be.
func sendFlood(t testing.TB, n, perSecond int) time.Duration {
	begin := time.Now()
	for i := range n {
		if perSecond > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
		}
		knock(t)
	}
	return time.Since(begin)
}

// knock sends one SYN to a port that nobody listens at.
func knock(t testing.TB) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	unix.Connect(fd, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}})
}

// counts are what the kernel says of the packet socket (PACKET_STATISTICS).
func (c *catcher) counts() (came, drops uint64) {
	s := c.sources["lo"].(*packetSource)
	s.dropped()
	return s.came.Load(), s.drops.Load()
}

// TestFlood captures every one of many SYNs, and memory does not grow with
// their number.
func TestFlood(t *testing.T) {
	if !e2e.InNetwork(t, "ip") {
		return
	}
	sh(t, 0, "ip link set lo up")
	c := newCatcher(t, flood)
	took := sendFlood(t, flood, perSecond)
	select {
	case <-c.all:
	case <-time.After(10 * time.Second):
	}
	if came, drops := c.counts(); drops != 0 || came != flood {
		t.Errorf("%d SYNs, %d dropped; want %d and none", came, drops, flood)
	}
	if len(c.ring) != 1000 || len(c.at) > 2*1000 {
		t.Errorf("%d SYNs are kept", len(c.ring))
	}
	t.Logf("%.0f SYN/s, %s", flood/took.Seconds(), highWater())
}

// TestDropsAreLogged makes the kernel's queue as short as can be.
func TestDropsAreLogged(t *testing.T) {
	if !e2e.InNetwork(t, "ip") {
		return
	}
	sh(t, 0, "ip link set lo up")
	log := new(logged)
	c := newCapture(wanted{port: 9, interfaces: []string{"lo"}}, maillog.Open(maillog.Options{Stderr: log}), func(synfp.SYN) error { return nil })
	if err := c.open(); err != nil {
		t.Fatal(err)
	}
	fd, ok := descriptor(c.sources["lo"].(*packetSource).EthernetHandle)
	if size, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF); !ok || size < 2*kernelQueue || err != nil {
		t.Fatalf("descriptor %d, %v, with room for %d, %v; gopacket may have changed", fd, ok, size, err)
	}
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1)
	go c.run()
	until(t, "drops are logged", func() bool {
		sendFlood(t, 1000, 0)
		return log.has("SYNs were dropped")()
	})
}

// highWater is the most memory that the process had.
func highWater() []byte {
	status, _ := os.ReadFile("/proc/self/status")
	return bytes.Join(regexp.MustCompile(`(?m)^VmHWM.*$`).FindAll(status, 1), nil)
}

// BenchmarkFlood says how many SYNs are dropped, as root: at the pace that must
// be kept up with, and as fast as one process can send them.
func BenchmarkFlood(b *testing.B) {
	if ready() != nil {
		b.Skip(ready())
	}
	for name, pace := range map[string]int{"20000 a second": perSecond, "unpaced": 0} {
		b.Run(name, func(b *testing.B) {
			c := newCatcher(b, b.N)
			took := sendFlood(b, b.N, pace)
			select {
			case <-c.all:
			case <-time.After(time.Second):
			}
			b.ReportMetric(float64(b.N)/took.Seconds(), "SYN/s")
			_, drops := c.counts()
			b.ReportMetric(float64(drops), "dropped")
			b.Logf("%d SYNs: %s", b.N, highWater())
		})
	}
}
