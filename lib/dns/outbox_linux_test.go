package dns

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sendTo sends messages of these sizes to a socket and returns what came there.
func sendTo(t *testing.T, sizes []int, prepare func(*outbox)) (sent, got []string) {
	t.Helper()
	peer, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	conn, err := net.Dial("udp", peer.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := newPackets(conn)
	prepare(&p.out)
	for i, size := range sizes {
		wire := bytes.Repeat([]byte{byte(i)}, size)
		p.load(i, wire)
		sent = append(sent, string(wire))
	}
	if err := p.send(len(sizes)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<16)
	peer.SetReadDeadline(time.Now().Add(10 * time.Second))
	for range sizes {
		n, err := peer.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(buf[:n]))
	}
	slices.Sort(sent)
	slices.Sort(got)
	return sent, got
}

// Each message arrives as one datagram, whether or not the kernel makes them.
func TestOutbox(t *testing.T) {
	full := make([]int, atOnce)
	mixed := make([]int, atOnce)
	for i := range full {
		full[i], mixed[i] = maxQuestion, 17+i%5*40
	}
	for _, sizes := range [][]int{{30}, {30, 30}, {30, 31}, {31, 30, 30}, {30, 31, 30, 31, 30}, full, mixed} {
		for name, prepare := range map[string]func(*outbox){
			"by the kernel": func(*outbox) {},
			"by us":         func(o *outbox) { o.separate = true },
		} {
			if sent, got := sendTo(t, sizes, prepare); !slices.Equal(sent, got) {
				t.Errorf("%s, sizes %v: got %q", name, sizes, got)
			}
		}
	}
}

// What was not sent when the kernel refuses is sent one by one.
func TestOutboxSplits(t *testing.T) {
	for from := range 3 {
		var o outbox
		copy(o.sizes[:], []int{20, 20, 30, 40, 40, 40})
		o.arrange(6)
		o.from = from
		o.split()
		var got []int
		for i := range o.to {
			if o.headers[i].segmented() || o.headers[i].hdr.Iovlen != 1 {
				t.Errorf("from %d: header %d has several messages", from, i)
			}
			got = append(got, int(o.headers[i].hdr.Iov.Len))
		}
		want := [][]int{{20, 20, 30, 40, 40, 40}, {30, 40, 40, 40}, {40, 40, 40}}[from]
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("from %d: %v are left, want %v", from, got, want)
		}
	}
}

// The kernel refuses here: datagrams without a checksum it does not make.
func TestOutboxRefused(t *testing.T) {
	peer, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	conn, err := net.Dial("udp", peer.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := newPackets(conn)
	p.raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1) })
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for i := range 3 {
			p.load(i, []byte("question"))
		}
		if err := p.send(3); err != nil {
			t.Fatal(err)
		}
		peer.SetReadDeadline(time.Now().Add(10 * time.Second))
		for range 3 {
			buf := make([]byte, 100)
			if n, err := peer.Read(buf); err != nil || string(buf[:n]) != "question" {
				t.Fatalf("%q, %v", buf[:n], err)
			}
		}
	}
	if !p.out.separate {
		t.Error("the kernel did not refuse")
	}
}
