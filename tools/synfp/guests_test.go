package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/synfp"
)

// TestWhoMakesRoom: it is the one who has been silent for the longest of the
// user with the most connections.
func TestWhoMakesRoom(t *testing.T) {
	g := newGuests(5)
	ends := make(map[net.Conn]string)
	stays := make(map[net.Conn]context.Context)
	come := func(name string, uid int) net.Conn {
		conn, end := net.Pipe()
		t.Cleanup(func() { end.Close() })
		stays[conn] = g.enter(conn, uid)
		g.of[conn].heard = time.Unix(int64(len(ends)), 0)
		ends[conn] = name
		return conn
	}
	mailer := come("mailer", 1)
	talker := come("talker", 2)
	come("silent", 2)
	come("idle", 2)
	rspamd := come("rspamd", 3)
	g.hear(talker)
	for _, want := range []string{"silent", "idle", "third"} {
		before := make(map[net.Conn]bool)
		for conn := range g.of {
			before[conn] = true
		}
		come("third", 2)
		for conn := range before {
			if _, ok := g.of[conn]; !ok && ends[conn] != want {
				t.Errorf("%s had to go, not %s", ends[conn], want)
			}
		}
		if len(g.of) != 5 || g.of[mailer] == nil || g.of[rspamd] == nil || g.of[talker] == nil {
			t.Errorf("%d stay: %v", len(g.of), g.of)
		}
	}
	for conn, ctx := range stays {
		if _, ok := g.of[conn]; ok == (ctx.Err() != nil) {
			t.Errorf("%s stays: %v; what is done for it: %v", ends[conn], ok, ctx.Err())
		}
	}
	for range 7 { // two more than there are
		g.makeRoom()
	}
	if len(g.of) != 0 {
		t.Errorf("%d stay", len(g.of))
	}
}

// TestSilentGuests: more than there is room for connect and say nothing, or only
// begin to; whoever asks is answered.
func TestSilentGuests(t *testing.T) {
	c, path := startCollector(t, 10)
	s := aSYN(t, "192.0.2.1:4242")
	c.add(s, time.Now())
	for i := range maxAsking + 10 {
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if i%2 == 0 {
			conn.Write([]byte{1})
		}
	}
	if f, err := synfp.Ask(t.Context(), path, s.Client, s.Server); err != nil || f.String() != usual {
		t.Errorf("%s, %v", f.String(), err)
	}
}

// fullListener has no descriptors left until a guest has gone.
type fullListener struct {
	net.Listener
	gone <-chan struct{}
}

func (l fullListener) Accept() (net.Conn, error) {
	select {
	case <-l.gone:
		return nil, net.ErrClosed
	default:
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", unix.EMFILE)}
	}
}

// TestNoDescriptors: when the process has no descriptors left a guest makes
// room, and the collector goes on.
func TestNoDescriptors(t *testing.T) {
	c, _ := startCollector(t, 1)
	conn, end := net.Pipe()
	c.guests.enter(conn, 1)
	gone := make(chan struct{})
	go func() {
		io.Copy(io.Discard, end)
		close(gone)
	}()
	if err := c.serve(fullListener{gone: gone}); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
