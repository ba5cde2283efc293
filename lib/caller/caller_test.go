package caller

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOf(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	says := slices.Contains([]string{"linux", "freebsd", "darwin"}, runtime.GOOS)
	if uid, err := of(t, accept(t, l)); errors.Is(err, unix.ENOTSUP) && !says {
		t.Skip("this system does not say")
	} else if err != nil || uid != os.Getuid() {
		t.Errorf("got %d, %v; want %d", uid, err, os.Getuid())
	}
}

// Nobody on another host is a user of this one, whatever his socket says.
func TestOfTCP(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if uid, err := of(t, accept(t, l)); err == nil {
		t.Errorf("got user %d", uid)
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if uid, err := Of(int(f.Fd())); err == nil {
		t.Errorf("%s: got user %d", os.DevNull, uid)
	}
}

func accept(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// of is Of for a connection.
func of(t *testing.T, c net.Conn) (uid int, err error) {
	t.Helper()
	f, err2 := c.(interface{ File() (*os.File, error) }).File()
	if err2 != nil {
		t.Fatal(err2)
	}
	defer f.Close()
	return Of(int(f.Fd()))
}
