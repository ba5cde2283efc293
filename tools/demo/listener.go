package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"postern/lib/place"
	"postern/lib/prog"
	"postern/lib/record"
	"postern/lib/sysexits"
)

const (
	host      = "127.0.0.1"
	portTries = 100              // ports that are tried, from the one wanted
	startTime = 10 * time.Second // that listen may take to listen
	logTime   = 5 * time.Second  // that a record may take behind the reply
	stopTime  = 2 * time.Second  // that sessions may take to end
	maxLine   = 64 << 10         // octets of a log line that are read
)

// listener is a listen that runs.
type listener struct {
	address string // host:port
	command *exec.Cmd
	lines   chan string // its log and that of every smtpd; closed when it has ended
	last    string      // the last line seen before it listened, which says why it does not
}

// listen starts listen on the first free port, and returns when it listens.
func listen(ctx context.Context, in *instance, port int) (*listener, error) {
	port, err := freePort(port)
	if err != nil {
		return nil, err
	}
	l := &listener{
		address: net.JoinHostPort(host, strconv.Itoa(port)),
		command: exec.Command(in.program("listen"), "-p", strconv.Itoa(port), host),
		lines:   make(chan string, 256),
	}
	l.command.Env = environment(in)
	// A group of its own: an interrupt typed here is for us to pass on, and
	// what does not end by itself is ended with all its children.
	l.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	log, err := l.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := l.command.Start(); err != nil {
		return nil, err
	}
	go l.read(log)
	if err := l.ready(ctx); err != nil {
		l.stop()
		return nil, err
	}
	return l, nil
}

// environment is what the programs of an instance see.
func environment(in *instance) []string {
	return prog.Inherit([]string{place.RootEnv + "=" + in.root}, "PATH", "HOME", "TZ", "LANG", "TMPDIR")
}

// freePort finds a port that nobody listens on.
func freePort(wanted int) (int, error) {
	last := min(wanted+portTries, 65535)
	for port := wanted; port <= last; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
		if errors.Is(err, syscall.EACCES) {
			return 0, failf(sysexits.NoPerm, "port %d is root's: choose one above 1023 with -p", port)
		}
	}
	return 0, failf(sysexits.TempFail, "no free port from %d to %d: choose another with -p", wanted, last)
}

// read passes the log on, line by line, until listen and all its children
// have closed it.
func (l *listener) read(log io.Reader) {
	defer close(l.lines)
	r := bufio.NewReaderSize(log, maxLine)
	for {
		line, cut, err := r.ReadLine()
		if err != nil {
			return
		}
		l.lines <- string(line)
		for cut && err == nil { // what is longer is no record of ours
			_, cut, err = r.ReadLine()
		}
	}
}

// ready waits until listen says that it listens.
func (l *listener) ready(ctx context.Context) error {
	timeout := time.After(startTime)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timeout:
			return failf(sysexits.TempFail, "listen does not begin to listen: %s", l.last)
		case line, ok := <-l.lines:
			if !ok {
				return l.died()
			}
			if r, err := record.ParseLine([]byte(line)); err == nil && r.Value("event") == "listening" {
				return nil
			}
			l.last = line
		}
	}
}

// died is why listen is no more.
func (l *listener) died() error {
	if l.last == "" {
		return failf(sysexits.Software, "listen ended without a word")
	}
	return failf(sysexits.Software, "listen ended: %s", l.last)
}

// decision waits for the record of the message that sender sent.
func (l *listener) decision(ctx context.Context, sender string) (record.Record, error) {
	timeout := time.After(logTime)
	for {
		select {
		case <-ctx.Done():
			return record.Record{}, ctx.Err()
		case <-timeout:
			return record.Record{}, errors.New("smtpd accepted the message and logged no record of it")
		case line, ok := <-l.lines:
			if !ok {
				return record.Record{}, l.died()
			}
			r, err := record.ParseLine([]byte(line))
			if err == nil && r.Value("verdict") == "accept" && r.Value("sender") == sender {
				return r, nil
			}
		}
	}
}

// stop ends listen and its sessions.
func (l *listener) stop() {
	kill := time.AfterFunc(stopTime, func() { syscall.Kill(-l.command.Process.Pid, syscall.SIGKILL) })
	l.command.Process.Signal(syscall.SIGTERM)
	for range l.lines {
	}
	l.command.Wait()
	kill.Stop()
}

// hostPort takes the address apart.
func (l *listener) hostPort() (host, port string) {
	host, port, _ = net.SplitHostPort(l.address)
	return host, port
}
