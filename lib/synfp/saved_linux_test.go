package synfp

import (
	"context"
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// savingListener keeps the SYNs of its connections, as listen's do, unless told
// not to.
func savingListener(t testing.TB, save int) net.Listener {
	t.Helper()
	c := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_SAVE_SYN, save) })
	}}
	c.SetMultipathTCP(false)
	l, err := c.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// accepted is a connection as it was accepted, and what it was dialled by.
func accepted(t testing.TB, l net.Listener) (served *net.TCPConn, client net.Conn) {
	t.Helper()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); c.Close() })
	return c.(*net.TCPConn), client
}

// withFD lends a connection's descriptor.
func withFD(t testing.TB, c *net.TCPConn, f func(fd int)) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { f(int(fd)) })
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestSaved: a SYN is given once, and only where the listener was told to keep
// it.
func TestSaved(t *testing.T) {
	served, client := accepted(t, savingListener(t, 1))
	withFD(t, served, func(fd int) {
		s, ok := Saved(fd)
		if !ok || !s.Known || s.Client.String() != client.LocalAddr().String() || s.Server.String() != client.RemoteAddr().String() {
			t.Errorf("%+v, %v", s, ok)
		}
		if _, ok := Saved(fd); ok {
			t.Error("given twice")
		}
	})
	served, _ = accepted(t, savingListener(t, 0))
	withFD(t, served, func(fd int) {
		if s, ok := Saved(fd); ok {
			t.Errorf("%+v, though none was kept", s)
		}
	})
	if s, ok := Saved(0); ok {
		t.Errorf("%+v of what is no connection", s)
	}
}

// BenchmarkSaved is what a session does about its SYN; all else is what accept
// costs anyway.
func BenchmarkSaved(b *testing.B) {
	l := savingListener(b, 1)
	for b.Loop() {
		b.StopTimer()
		served, client := accepted(b, l)
		b.StartTimer()
		withFD(b, served, func(fd int) {
			s, _ := Saved(fd)
			Name(&s.Fingerprint, UsualMTU)
			_ = s.String()
		})
		b.StopTimer()
		client.Close()
		served.Close()
		b.StartTimer()
	}
}

// BenchmarkAccept is what accepting costs with SYNs kept and read, and without.
func BenchmarkAccept(b *testing.B) {
	for name, save := range map[string]int{"SYNs kept and read": 1, "not": 0} {
		b.Run(name, func(b *testing.B) {
			l := savingListener(b, save)
			for b.Loop() {
				served, client := accepted(b, l)
				if save == 1 {
					withFD(b, served, func(fd int) { s, _ := Saved(fd); Name(&s.Fingerprint, UsualMTU) })
				}
				client.Close()
				served.Close()
			}
		})
	}
}
