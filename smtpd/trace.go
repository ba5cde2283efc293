package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/auth"
	"postern/lib/conf"
	"postern/lib/maillog"
)

// sessionLogRows say who keeps an account of all dialogues.
var sessionLogRows = []conf.Row[wire]{
	{Name: "SessionLog", Args: "SYSLOG|file ...", Repeat: true,
		Value: func(w *wire) conf.Value { return conf.Strings(&w.sessionLog) },
		Help:  "Log every line of every dialogue to this file, or to the log at the level debug. What nobody reads out of a FIFO within a second is lost."},
}

// A trace is the dialogue of one session, line by line, for whoever looks for
// a fault (-d, DebugSMTP) or keeps an account (-l). A nil trace writes nothing.
type trace struct {
	sinks []sink
}

// A sink takes lines: what was read ('<'), written ('>'), or noted ('#').
type sink struct {
	write func(direction byte, line string)
	close func()
}

const (
	maxTraceLine = 2048        // octets of a line of a trace
	sinkWait     = time.Second // for whoever reads what is a FIFO
)

// openTrace opens all that the dialogue is to be written to.
func (srv *server) openTrace(s *session) *trace {
	var t *trace
	if srv.conf.flags.debug {
		t = t.also(srv.traceToFile(s.id))
	} else if srv.conf.trace {
		t = t.also(srv.traceToLog(s.id))
	}
	for _, name := range srv.conf.wire.sessionLog {
		t = t.also(srv.sessionLog(name, s.id))
	}
	if t != nil {
		t.line('#', "session "+s.id+" with "+s.clientLiteral())
	}
	return t
}

// also is t with one more sink.
func (t *trace) also(s sink) *trace {
	if s.write == nil {
		return t
	}
	if t == nil {
		t = new(trace)
	}
	t.sinks = append(t.sinks, s)
	return t
}

// traceToFile is the file of -d, or the log when there can be none.
func (srv *server) traceToFile(id string) sink {
	name := filepath.Join(srv.conf.traceDir, id)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		srv.complain(maillog.Warning, "trace", fmt.Errorf("%w; tracing to the log", err))
		return srv.traceToLog(id)
	}
	return sink{
		write: func(direction byte, line string) { fmt.Fprintf(f, "%c %s\n", direction, line) },
		close: func() { f.Close() },
	}
}

func (srv *server) traceToLog(id string) sink {
	return sink{write: func(direction byte, line string) {
		srv.log.Log(maillog.Debug, id+" "+string(rune(direction))+" "+line)
	}}
}

// syslogName is what stands for the log instead of a file's name.
const syslogName = "SYSLOG"

// tagLength is how much of the session's id stands in front of each line.
const tagLength = 7

// sessionLog is a log of -l, which all sessions share: the end of the
// session's id, the seconds since it began, r for what was read, w for what
// was written, # for a note, and a tab in front of the text.
func (srv *server) sessionLog(name, id string) sink {
	tag, start := id[max(0, len(id)-tagLength):], srv.now()
	form := func(direction byte, line string) string {
		letter := strings.Map(sessionLetter, string(rune(direction)))
		return fmt.Sprintf("%s%04d%s\t%s", tag, int(srv.now().Sub(start)/time.Second), letter, line)
	}
	if name == syslogName {
		return sink{write: func(direction byte, line string) { srv.log.Log(maillog.Debug, form(direction, line)) }}
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND|unix.O_NONBLOCK, 0o640)
	if err != nil {
		srv.complain(maillog.Warning, "session log", err)
		return sink{}
	}
	return sink{
		write: func(direction byte, line string) {
			f.SetWriteDeadline(time.Now().Add(sinkWait)) // of a FIFO
			f.WriteString(form(direction, line) + "\n")
		},
		close: func() { f.Close() },
	}
}

func sessionLetter(direction rune) rune {
	switch direction {
	case '<':
		return 'r'
	case '>':
		return 'w'
	}
	return '#'
}

func (t *trace) line(direction byte, text string) {
	for _, s := range t.sinks {
		s.write(direction, maillog.Clean(text, maxTraceLine))
	}
}

func (t *trace) close() {
	if t == nil {
		return
	}
	for _, s := range t.sinks {
		if s.close != nil {
			s.close()
		}
	}
}

// traceLine notes what was read ('<') or will be written ('>').
func (s *session) traceLine(direction byte, text []byte) {
	if s.trace == nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		s.trace.line(direction, strings.TrimRight(line, "\r\n"))
	}
}

// hidden stands in traces for what may be a secret.
const hidden = "(not shown)"

// traceCommand notes a command, without what may be a secret in it: an initial
// response, and lines that a client sends behind an AUTH whose refusal it has
// not waited for.
func (s *session) traceCommand(line []byte) {
	if s.trace == nil {
		return
	}
	if isAuth(line) {
		words := strings.Fields(string(line))
		if len(words) > 1 && auth.ValidMechanism(strings.ToUpper(words[1])) {
			words[0] += " " + words[1]
		}
		if len(words) != 2 {
			words[0] += " " + hidden
		}
		line = []byte(words[0])
	} else if name, _ := splitCommand(line); s.login.tried && s.findVerb(name) == nil {
		line = []byte(hidden)
	}
	s.traceLine('<', line)
}
