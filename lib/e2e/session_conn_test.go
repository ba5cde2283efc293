package e2e

import (
	"net"
	"os"
	"os/exec"
	"syscall"

	"postern/lib/smtptest"
)

// process is a program that serves one connection.
type process struct {
	*exec.Cmd
	log  *Log
	done chan struct{} // closed when it has ended
}

// connect runs a program with a fresh TCP connection on 0 and 1, as a
// super-server does, and answers the client's end.
func (in *instance) connect(argv ...string) (net.Conn, *process) {
	in.t.Helper()
	client, served := in.pair()
	p := &process{Cmd: exec.Command(argv[0], argv[1:]...), log: new(Log), done: make(chan struct{})}
	p.Env, p.Dir = in.env(), in.root
	p.Stdin, p.Stdout, p.Stderr = served, served, p.log
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Start(); err != nil {
		in.t.Fatal(err)
	}
	served.Close()
	go func() { p.Wait(); close(p.done) }()
	in.t.Cleanup(func() {
		client.Close()
		syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
		<-p.done
		if in.t.Failed() {
			in.t.Logf("%s said:\n%s", argv[0], p.log)
		}
	})
	return client, p
}

// pair makes the two ends of a TCP connection; the served one blocks, as one
// that a super-server accepted.
func (in *instance) pair() (client net.Conn, served *os.File) {
	in.t.Helper()
	client, conn := smtptest.Pair(in.t)
	defer conn.Close()
	served, err := conn.(*net.TCPConn).File()
	if err != nil {
		in.t.Fatal(err)
	}
	if err := syscall.SetNonblock(int(served.Fd()), false); err != nil {
		in.t.Fatal(err)
	}
	return client, served
}
