package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"postern/lib/maillog"
	"postern/lib/place"
	"postern/lib/sysexits"
)

// A worker serves sessions that listen -w hands it over descriptor 0, a
// packet socket: each packet is a record of the peer and carries the
// connection. The worker says "ready" once, and "done address" after each
// session.
type worker struct {
	*server
	fd     int
	uses   int // sessions to serve, then end; 0: no limit
	atOnce int // sessions side by side
	free   chan struct{}
	wait   sync.WaitGroup
}

// maxPacket bounds a record of a peer.
const maxPacket = 8 << 10

// parseWorker parses $POSTERN_WORKER, uses:at-once.
func parseWorker(spec string) (uses, atOnce int, err error) {
	a, b, ok := strings.Cut(spec, ":")
	uses, err1 := strconv.Atoi(a)
	atOnce, err2 := strconv.Atoi(b)
	if !ok || err1 != nil || err2 != nil || uses < 0 || atOnce < 1 {
		return 0, 0, fmt.Errorf("%s=%q is not uses:at-once; it is for listen -w to set", place.WorkerEnv, spec)
	}
	return uses, atOnce, nil
}

// work serves what listen hands over until it has served enough or listen
// closes its end.
func (srv *server) work(stdin io.Reader, spec string) int {
	w := &worker{server: srv}
	f, ok := stdin.(*os.File)
	var err error
	if w.uses, w.atOnce, err = parseWorker(spec); err != nil || !ok {
		srv.logf(maillog.Err, "error", fmt.Sprint(err))
		return sysexits.Usage
	}
	w.fd = int(f.Fd())
	w.free = make(chan struct{}, w.atOnce)
	if err := w.tell("ready"); err != nil {
		srv.logf(maillog.Err, "error", "worker: "+err.Error())
		return sysexits.OSErr
	}
	for n := 0; w.uses == 0 || n < w.uses; n++ {
		w.free <- struct{}{}
		fd, line, err := w.receive()
		if err != nil {
			srv.logf(maillog.Err, "error", "worker: "+err.Error())
			break
		}
		if fd < 0 {
			break
		}
		w.session(fd, line)
	}
	w.wait.Wait()
	return sysexits.OK
}

// session serves one connection: in this goroutine with blocking system calls when
// there is one session at a time, else beside the others.
func (w *worker) session(fd int, line []byte) {
	if w.atOnce == 1 {
		unix.SetNonblock(fd, false)
		w.one(newSockConn(fd), line)
		return
	}
	f := os.NewFile(uintptr(fd), "connection")
	w.wait.Add(1)
	go func() {
		defer w.wait.Done()
		w.one(&pairConn{in: f, out: f}, line)
	}()
}

// one serves one session and tells listen when it is over.
func (w *worker) one(c net.Conn, line []byte) {
	p, err := peerFromRecord(line)
	switch {
	case err != nil:
		w.logf(maillog.Err, "error", err.Error())
		c.Close()
	case w.drops(p.client.Addr()):
		c.Close()
	default:
		w.serve(c, p)
	}
	<-w.free
	w.tell("done " + p.client.Addr().String())
}

// tell sends one packet to listen. When listen is gone there is nobody to
// tell, and the end of descriptor 0 will say so.
func (w *worker) tell(word string) error {
	return unix.Send(w.fd, []byte(word), unix.MSG_NOSIGNAL)
}

// receive takes the next connection and the record of its peer. The
// descriptor is -1 when listen has closed its end.
func (w *worker) receive() (int, []byte, error) {
	buf := make([]byte, maxPacket)
	oob := make([]byte, unix.CmsgSpace(4))
	for {
		n, oobn, _, _, err := unix.Recvmsg(w.fd, buf, oob, recvFlags)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.ECONNRESET, err == nil && n == 0 && oobn == 0:
			return -1, nil, nil
		case err != nil:
			return -1, nil, os.NewSyscallError("recvmsg", err)
		}
		fd, err := descriptor(oob[:oobn])
		if err != nil {
			return -1, nil, err
		}
		return fd, buf[:n:n], nil
	}
}

// descriptor is the one descriptor in a control message.
func descriptor(oob []byte) (int, error) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return -1, os.NewSyscallError("control message", err)
	}
	for _, m := range msgs {
		if fds, err := unix.ParseUnixRights(&m); err == nil && len(fds) == 1 {
			return fds[0], nil
		}
	}
	return -1, errors.New("a packet without a connection")
}
