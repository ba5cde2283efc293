package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/synfp"
)

// startCollector answers from a buffer that the test fills.
func startCollector(t *testing.T, keep int) (*collector, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	c := newCollector(newBuffer(keep), naming{synfp.Own(), synfp.UsualMTU})
	done := make(chan struct{})
	go func() { c.serve(l); close(done) }()
	t.Cleanup(func() { l.Close(); <-done })
	return c, path
}

func aSYN(t testing.TB, client string) synfp.SYN {
	t.Helper()
	f, err := synfp.Parse(usual)
	if err != nil {
		t.Fatal(err)
	}
	return synfp.SYN{Client: netip.MustParseAddrPort(client), Server: netip.MustParseAddrPort("192.0.2.9:25"), Fingerprint: f}
}

func TestAsk(t *testing.T) {
	c, path := startCollector(t, 10)
	s := aSYN(t, "192.0.2.1:4242")
	asked := make(chan error, 1)
	go func() { // before it was seen
		f, err := synfp.Ask(t.Context(), path, s.Client, s.Server)
		if err == nil && f.String() != usual {
			err = fmt.Errorf("got %s", f.String())
		}
		asked <- err
	}()
	for waiting := false; !waiting; {
		c.mu.Lock()
		waiting = len(c.waiting) > 0
		c.mu.Unlock()
	}
	c.add(aSYN(t, "192.0.2.2:1"), time.Now())
	c.add(s, time.Now())
	if err := <-asked; err != nil {
		t.Error(err)
	}
	if f, err := synfp.Ask(t.Context(), path, s.Client, netip.AddrPort{}); err != nil || f.String() != usual {
		t.Errorf("afterwards: %s, %v", f.String(), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := synfp.Ask(ctx, path, netip.MustParseAddrPort("192.0.2.3:1"), s.Server); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("of a SYN that never comes: %v", err)
	}
	if _, err := synfp.Ask(t.Context(), path, netip.AddrPort{}, s.Server); !errors.Is(err, synfp.ErrUnseen) {
		t.Errorf("of nobody: %v", err)
	}
}

// TestAskLongName: however long a database's names are, the answer is a line
// that the asker has room for.
func TestAskLongName(t *testing.T) {
	db, err := synfp.Read("x.fp", strings.NewReader("*:64:1:*:M*,S,T,N,W*:Linux:::"+strings.Repeat("x", 900)+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, path := startCollector(t, 10)
	c.db = db
	s := aSYN(t, "192.0.2.1:4242")
	c.add(s, time.Now())
	if f, err := synfp.Ask(t.Context(), path, s.Client, s.Server); err != nil || f.String() != usual {
		t.Errorf("%s, %v", f.String(), err)
	}
}

func TestSecondCollector(t *testing.T) {
	_, path := startCollector(t, 1)
	if l, err := listen(path); err == nil {
		l.Close()
		t.Error("two collectors at one socket")
	}
}

// TestP0fAPI asks as p0f's clients do.
func TestP0fAPI(t *testing.T) {
	c, path := startCollector(t, 10)
	c.add(aSYN(t, "192.0.2.1:4242"), time.Unix(1000, 0))
	c.add(aSYN(t, "192.0.2.1:4243"), time.Unix(2000, 0))
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask := func(magic uint32, kind byte, a ...byte) []byte {
		q := make([]byte, p0fQuestion)
		binary.NativeEndian.PutUint32(q, magic)
		q[4] = kind
		copy(q[5:], a)
		reply := make([]byte, p0fAnswer)
		conn.Write(q)
		if _, err := io.ReadFull(conn, reply); err != nil {
			t.Fatal(err)
		}
		return reply
	}
	word := func(b []byte, at int) uint32 { return binary.NativeEndian.Uint32(b[at:]) }
	reply := ask(magicAsk, 4, 192, 0, 2, 1)
	got := fmt.Sprintf("%x %x %d %d %d %d %s", word(reply, 0), word(reply, 4), word(reply, 8), word(reply, 12), word(reply, 16), reply[36], bytes.TrimRight(reply[40:72], "\x00"))
	if want := "50304602 10 1000 2000 2 7 Linux"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if s := word(ask(magicAsk, 4, 192, 0, 2, 2), 4); s != p0fNoMatch {
		t.Errorf("of a stranger: %x", s)
	}
	if s := word(ask(magicAsk, 9), 4); s != p0fBad {
		t.Errorf("of no address: %x", s)
	}
}

// FuzzQuestions: whatever is asked, the collector answers or hangs up.
func FuzzQuestions(f *testing.F) {
	f.Add([]byte("client_address=192.0.2.1 client_port=4242\n"))
	f.Add([]byte("\x01\x46\x30\x50\x04aaaaaaaaaaaaaaaa"))
	f.Fuzz(func(t *testing.T, q []byte) {
		b := newBuffer(1)
		parseQuestion(q)
		if len(q) >= p0fQuestion {
			if a, ok := p0fAddress([p0fQuestion]byte(q)); ok {
				b.host(a)
			}
		}
	})
}

// TestLeftSocket: the socket of a collector that is gone is replaced; another
// file is not.
func TestLeftSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	again, err := listen(path)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	writeFile(t, path, "a letter")
	if l, err := listen(path); err == nil {
		l.Close()
		t.Error("a file was replaced")
	}
}
