package main

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxWord bounds what a worker says: "ready", or "done" and an address.
const maxWord = 128

// A worker is a program that stays and is handed connections over a packet
// socket, which is its standard input. It says "ready" once, and "done" with
// the client's address when a session has ended.
type worker struct {
	file    *os.File // our end
	raw     syscall.RawConn
	spec    workers
	ready   bool
	retired bool         // is handed no more
	full    bool         // its socket is, until it says something
	left    int          // connections that it may yet be handed, when spec.uses is not 0
	clients []netip.Addr // keys of its sessions
}

// free says whether it may be handed a connection.
func (w *worker) free() bool {
	return w.ready && !w.retired && !w.full && len(w.clients) < w.spec.atOnce && (w.spec.uses == 0 || w.left > 0)
}

// spent says whether it is to be replaced: it ends when its sessions have.
func (w *worker) spent() bool { return w.retired || w.spec.uses > 0 && w.left == 0 }

// A word is a message from a worker.
type word struct {
	from *worker
	text string
}

// take passes the connection on. A worker that cannot take it is no longer
// free.
func (w *worker) take(c conn) bool {
	_ = unix.SetNonblock(c.fd, true)
	r := c.record()
	rights := unix.UnixRights(c.fd)
	err := w.raw.Control(func(fd uintptr) {
		err := unix.Sendmsg(int(fd), r.AppendLine(nil), rights, nil, unix.MSG_DONTWAIT)
		w.full = err == unix.EAGAIN || err == unix.ENOBUFS || err == unix.ETOOMANYREFS
		w.retired = err != nil && !w.full
	})
	if err != nil || w.full || w.retired {
		return false
	}
	c.close()
	w.left--
	w.clients = append(w.clients, c.key())
	return true
}

// packetPair makes the two ends of a worker's socket: ours does not block.
func packetPair() (ours, theirs *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET, 0)
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair (packets, for -w)", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "worker"), nil
}

// listen passes on what the worker says, until its end is closed or ours is.
func (w *worker) listen(words chan<- word) {
	buf := make([]byte, maxWord)
	for {
		n, err := w.file.Read(buf)
		if err != nil || n == 0 {
			return
		}
		words <- word{w, string(buf[:n])}
	}
}

// workers is -w: how many programs stay, how many connections each serves
// before it is replaced, and how many of them at once. With n 0 a program is
// started for each connection.
type workers struct{ n, uses, atOnce int }

// parseWorkers reads n[:uses[:at-once]].
func parseWorkers(s string) (workers, error) {
	w := workers{uses: defaultUses, atOnce: 1}
	bounds := []struct {
		to  *int
		max int
	}{{&w.n, maxWorkers}, {&w.uses, math.MaxInt32}, {&w.atOnce, maxSessions}}
	for i, word := range strings.Split(s, ":") {
		if i == len(bounds) {
			return workers{}, fmt.Errorf("%q is not n[:uses[:at-once]]", s)
		}
		n, err := strconv.ParseUint(word, 10, 31)
		if err != nil || int(n) > bounds[i].max {
			return workers{}, fmt.Errorf("%q is not n[:uses[:at-once]]", s)
		}
		*bounds[i].to = int(n)
	}
	if w.atOnce == 0 {
		return workers{}, fmt.Errorf("%q: a worker needs at least one connection at once", s)
	}
	return w, nil
}

// String is the form that parseWorkers reads.
func (w workers) String() string { return fmt.Sprintf("%d:%d:%d", w.n, w.uses, w.atOnce) }
