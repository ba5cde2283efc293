package dns

import (
	"context"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// The answers to a whole window of questions find room in the kernel, however
// late we come to read them.
func TestReadBuffer(t *testing.T) {
	const perAnswer = 2304 // of the largest, with what the kernel keeps beside it
	window := Config{}.withDefaults().Window
	text, err := os.ReadFile("/proc/sys/net/core/rmem_max")
	if most, _ := strconv.Atoi(strings.TrimSpace(string(text))); err != nil || 2*most < window*perAnswer {
		t.Skipf("this host gives a socket no more than %s", text)
	}
	s := server{addr: netip.MustParseAddrPort("127.0.0.1:53")}
	sock, err := s.open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer sock.conn.Close()
	raw, err := sock.conn.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var size int
	raw.Control(func(fd uintptr) { size, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF) })
	if err != nil || size < window*perAnswer {
		t.Errorf("room for %d octets, %v; want %d answers of %d", size, err, window, perAnswer)
	}
}
