package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/maillog"
	"postern/lib/record"
	"postern/lib/synfp"
)

// Bounds of the collector.
const (
	maxAsking = 1024             // connections at once
	maxWait   = 5 * time.Second  // for a SYN; a session that wants less hangs up
	idleLimit = 60 * time.Second // for the next question on a connection
	idleP0f   = 24 * time.Hour   // of p0f's: Haraka has one for all its life, and asks in vain when it is closed
)

// collector answers sessions that ask for the SYNs of their clients.
type collector struct {
	*buffer
	naming
	guests *guests
}

func newCollector(b *buffer, n naming) *collector { return &collector{b, n, newGuests(maxAsking)} }

// collect captures, and answers at a socket until something fails.
func collect(path string, w wanted, b *buffer, n naming, log *maillog.Logger) error {
	c := newCapture(w, log, func(s synfp.SYN) error { b.add(s, time.Now()); return nil })
	c.patient = true
	if err := c.open(); err != nil {
		return err
	}
	l, err := listen(path)
	if err != nil {
		return err
	}
	defer l.Close()
	failed := make(chan error, 2)
	go func() { failed <- c.run() }()
	go func() { failed <- newCollector(b, n).serve(l) }()
	return <-failed
}

// listen makes the socket, in place of one that nobody answers at. Whoever
// reaches its folder may ask: of clients, and only which systems they have.
func listen(path string) (net.Listener, error) {
	c, err := net.Dial("unix", path)
	switch {
	case err == nil:
		c.Close()
		return nil, errors.New(path + ": another collector answers there")
	case errors.Is(err, unix.EAGAIN):
		return nil, errors.New(path + ": another collector is there, and busy")
	}
	if st, err := os.Lstat(path); err == nil && st.Mode().Type() == os.ModeSocket {
		os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, 0o666)
}

// fullPause is how long is waited for a descriptor to become free.
const fullPause = 10 * time.Millisecond

// serve lets askers in until the socket is closed. Without a descriptor for one
// more, another has to go.
func (c *collector) serve(l net.Listener) error {
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			ctx := c.guests.enter(conn, userOf(conn))
			go func() {
				defer c.guests.leave(conn)
				c.answerAll(ctx, conn)
			}()
		case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
			c.guests.makeRoom()
			time.Sleep(fullPause)
		default:
			return err
		}
	}
}

// answerAll answers questions until the asker has no more. The first octet tells
// ours, which are records, from p0f's.
func (c *collector) answerAll(ctx context.Context, conn net.Conn) {
	in := bufio.NewReaderSize(conn, synfp.MaxQuestion)
	idle := idleLimit
	for {
		conn.SetDeadline(time.Now().Add(idle))
		first, err := in.Peek(1)
		if err != nil {
			return
		}
		conn.SetDeadline(time.Now().Add(idleLimit))
		c.guests.hear(conn)
		var reply []byte
		if isP0f(first[0]) {
			idle = idleP0f
			reply, err = c.answerP0f(in)
		} else {
			reply, err = c.answerLine(ctx, in)
		}
		if err != nil {
			return
		}
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

// answerLine answers a line of a record with another. It is empty when the SYN
// was not seen.
func (c *collector) answerLine(ctx context.Context, in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	client, server, ok := parseQuestion(line[:len(line)-1])
	if !ok {
		return []byte{'\n'}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	s, ok := c.wait(ctx, client, server)
	if !ok {
		return []byte{'\n'}, nil
	}
	var r record.Record
	r.Set("syn_fingerprint", s.String())
	return append([]byte(r.String()), '\n'), nil
}

// parseQuestion reads the two ends of a connection. The server's may be missing.
func parseQuestion(line []byte) (client, server netip.AddrPort, ok bool) {
	r, err := record.ParseLine(line)
	if err != nil {
		return client, server, false
	}
	client, server = end(&r, "client"), end(&r, "server")
	return client, server, client.IsValid()
}
