package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/sysexits"
)

// A fakeListen is listen's side of a worker.
type fakeListen struct {
	t    *testing.T
	fd   int
	exit chan int
}

func startWorker(t *testing.T, in *instance, spec string) *fakeListen {
	t.Helper()
	pair, err := socketpair(unix.SOCK_SEQPACKET)
	if err != nil {
		t.Skip("no packet socket pairs here: ", err)
	}
	unix.SetsockoptTimeval(pair[0], unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 20})
	l := &fakeListen{t: t, fd: pair[0], exit: make(chan int, 1)}
	go func() {
		f := os.NewFile(uintptr(pair[1]), "worker")
		l.exit <- in.work(f, spec)
		f.Close()
	}()
	t.Cleanup(func() { unix.Close(l.fd) })
	l.expect("ready")
	return l
}

// socketpair is a pair of sockets that no child inherits; not every system
// makes them so in one call.
func socketpair(kind int) ([2]int, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, kind, 0)
	if err == nil {
		unix.CloseOnExec(pair[0])
		unix.CloseOnExec(pair[1])
	}
	return pair, err
}

func (l *fakeListen) expect(want string) {
	l.t.Helper()
	buf := make([]byte, 256)
	n, err := unix.Read(l.fd, buf)
	if got := string(buf[:max(n, 0)]); err != nil || got != want {
		l.t.Fatalf("worker says %q, %v; want %q", got, err, want)
	}
}

// hand gives the worker a connection and returns the client's end.
func (l *fakeListen) hand(client string) net.Conn {
	l.t.Helper()
	return l.handAfter(client, "")
}

// handAfter is hand for a client that has said something already.
func (l *fakeListen) handAfter(client, said string) net.Conn {
	l.t.Helper()
	pair, err := socketpair(unix.SOCK_STREAM)
	if err != nil {
		l.t.Fatal(err)
	}
	if _, err := unix.Write(pair[0], []byte(said)); err != nil {
		l.t.Fatal(err)
	}
	unix.SetNonblock(pair[1], true) // as listen does
	record := fmt.Sprintf("client_address=%s client_port=4242 server_address=192.0.2.25 server_port=25", client)
	if err := unix.Sendmsg(l.fd, []byte(record), unix.UnixRights(pair[1]), nil, 0); err != nil {
		l.t.Fatal(err)
	}
	unix.Close(pair[1])
	f := os.NewFile(uintptr(pair[0]), "client")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		l.t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(20 * time.Second))
	l.t.Cleanup(func() { c.Close() })
	return c
}

func banner(t *testing.T, c net.Conn) {
	t.Helper()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "220 mx.test") {
		t.Fatalf("greeting is %q, %v", line, err)
	}
}

func TestWorkerOneAfterTheOther(t *testing.T) {
	l := startWorker(t, newInstance(t), "2:1")
	for _, client := range []string{"192.0.2.7", "192.0.2.8"} {
		c := l.hand(client)
		banner(t, c)
		fmt.Fprint(c, "QUIT\r\n")
		l.expect("done " + client)
	}
	if got := <-l.exit; got != sysexits.OK {
		t.Errorf("exit status %d", got)
	}
}

func TestWorkerSideBySide(t *testing.T) {
	l := startWorker(t, newInstance(t), "0:8")
	var list []net.Conn
	for i := range 8 {
		c := l.hand(fmt.Sprintf("192.0.2.%d", i+1))
		banner(t, c)
		list = append(list, c)
	}
	for i, c := range list {
		fmt.Fprint(c, "QUIT\r\n")
		l.expect(fmt.Sprintf("done 192.0.2.%d", i+1))
	}
	unix.Shutdown(l.fd, unix.SHUT_RDWR)
	if got := <-l.exit; got != sysexits.OK {
		t.Errorf("exit status %d", got)
	}
}

// A client that was made to wait, under TLS too, is heard afterwards.
func TestWorkerDelays(t *testing.T) {
	w := newTLSWorld(t, "Tarpit 0.01 0")
	for _, spec := range []string{"0:1", "0:2"} {
		l := startWorker(t, w.instance, spec)
		c := l.hand("192.0.2.7")
		rw := bufio.NewReadWriter(bufio.NewReader(c), bufio.NewWriter(c))
		say(t, rw, "", "220 ")
		say(t, rw, "EHLO client.example", "250")
		for _, secure := range []bool{false, true} {
			if secure {
				rw, _ = beginTLS(t, c, rw)
			}
			say(t, rw, "NONSENSE", "500 ")
			say(t, rw, "NOOP", "250 ")
		}
	}
}

// Who talks before the greeting is seen by every kind of worker.
func TestWorkerEager(t *testing.T) {
	for _, spec := range []string{"0:1", "0:8"} {
		in := newInstance(t, "RefuseEager 1")
		l := startWorker(t, in, spec)
		c := l.handAfter("192.0.2.7", "HELO client.example\r\n")
		text, _ := io.ReadAll(c)
		if !strings.Contains(string(text), "\r\n554 ") {
			t.Errorf("%s: the client hears %q", spec, text)
		}
		l.expect("done 192.0.2.7")
	}
}

func TestWorkerSpec(t *testing.T) {
	for _, spec := range []string{"", "1", "1:0", "-1:1", "a:b", "1:1:1"} {
		if _, _, err := parseWorker(spec); err == nil || !strings.Contains(err.Error(), "uses:at-once") {
			t.Errorf("parseWorker(%q): %v", spec, err)
		}
	}
}
