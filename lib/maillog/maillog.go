// Package maillog writes one-line records to where the host wants them:
// standard error, the journal or syslog.
package maillog

import (
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// maxLine bounds a record, in octets. RFC 5424 section 6.1 asks receivers for
// 2,048; those in use take 8 KiB.
const maxLine = 8 << 10

// Options say where records go. The zero value chooses.
type Options struct {
	// Facility is syslog's, "mail" when empty.
	Facility string
	// Level is the level of ordinary records, those logged with Info;
	// "info" when empty.
	Level string
	// Tag names the program in syslog: "smtpd".
	Tag string
	// Sink is "stderr", "syslog" or "journal", or "" to choose: the journal
	// when standard error leads there, syslog when standard error is the
	// client's connection (inetd) or closed, else standard error.
	Sink string
	// Stderr replaces standard error, and is then chosen.
	Stderr io.Writer
	// SyslogSocket is the socket of the syslog daemon, the system's when
	// empty.
	SyslogSocket string
}

// Logger writes records; several goroutines may use it at once.
type Logger struct {
	options Options

	mu   sync.Mutex
	sink sink // nil before the first record
}

// sink takes a clean line.
type sink interface {
	write(p Priority, line string)
}

// Open makes a logger. It costs nothing: sinks are looked for when the first
// record is written. Where standard error is the client's connection, and not
// asked for, it is the client's no more: what the runtime says when it dies is
// no business of his either.
func Open(o Options) *Logger {
	if o.Stderr == nil && (o.Sink == "" || o.Sink == "syslog") && stderrIsClient() {
		o.Sink = "syslog"
		muteStderr()
	}
	return &Logger{options: o}
}

// Log writes one record, cleaned, as one line. It never blocks for more than a
// second on syslog, and what cannot be written is dropped.
func (l *Logger) Log(p Priority, line string) {
	line = Clean(line, maxLine)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sink == nil {
		l.sink = l.options.open()
	}
	if level, ok := parseLevel(l.options.Level); ok && p == Info {
		p = level
	}
	l.sink.write(p, line)
}

// open makes the sink that is asked for or chosen.
func (o *Options) open() sink {
	w := o.Stderr
	if w == nil || w == os.Stderr {
		w = stderr{}
	}
	name := o.Sink
	if name == "" {
		name = o.choose()
	}
	switch name {
	case "syslog":
		return newSyslog(o)
	case "journal":
		return journal{w}
	}
	return plain{w}
}

// choose says where records go when nothing is said.
func (o *Options) choose() string {
	if o.Stderr != nil {
		return "stderr"
	}
	var out unix.Stat_t
	if unix.Fstat(unix.Stderr, &out) != nil {
		return "syslog"
	}
	if isJournal(os.Getenv("JOURNAL_STREAM"), &out) {
		return "journal"
	}
	return "stderr"
}

// isJournal tells whether a file is the one that $JOURNAL_STREAM describes,
// "device:inode"; see systemd.exec(5).
func isJournal(stream string, st *unix.Stat_t) bool {
	device, inode, ok := strings.Cut(stream, ":")
	return ok && device == strconv.FormatUint(uint64(st.Dev), 10) && inode == strconv.FormatUint(uint64(st.Ino), 10)
}

// stderr is standard error, of which os.Stderr makes a death by SIGPIPE once
// its reader has gone away: between a message that is safe and the 250 for it,
// say, so that it would come twice.
type stderr struct{}

func (stderr) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Write(unix.Stderr, p[done:])
		switch {
		case err == unix.EAGAIN:
			unix.Poll([]unix.PollFd{{Fd: int32(unix.Stderr), Events: unix.POLLOUT}}, -1)
		case err != nil && err != unix.EINTR:
			return done, err
		}
		done += max(n, 0)
	}
	return done, nil
}

// plain is standard error.
type plain struct{ w io.Writer }

func (s plain) write(_ Priority, line string) { io.WriteString(s.w, line+"\n") }

// journal is standard error that leads to the journal, which takes the priority
// from the front of the line; see sd-daemon(3).
type journal struct{ w io.Writer }

func (s journal) write(p Priority, line string) {
	io.WriteString(s.w, "<"+strconv.Itoa(int(p))+">"+line+"\n")
}
