package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"postern/lib/maillog"
	"postern/lib/record"
)

// openLog opens the log as the configuration has it.
func openLog(c *config, stderr io.Writer) *maillog.Logger {
	facility, level, err := maillog.ParsePriority(c.logPriority)
	if err != nil { // the configuration was refused, and this is to say so
		facility, level = "", ""
	}
	o := maillog.Options{Facility: facility, Level: level, Tag: c.logTag, Sink: c.logTo}
	if o.Tag == "" {
		o.Tag = "smtpd"
	}
	if stderr != os.Stderr {
		o.Stderr = stderr
	}
	return maillog.Open(o)
}

// logf logs a record line made of names and values in turn.
func (srv *server) logf(p maillog.Priority, pairs ...string) {
	var r record.Record
	for i := 0; i+1 < len(pairs); i += 2 {
		r.Set(pairs[i], pairs[i+1])
	}
	srv.log.Log(p, r.String())
}

// A trace is the dialogue of one session, line by line, for whoever looks for
// a fault (-d, DebugSMTP). A nil trace writes nothing.
type trace struct {
	write func(line string)
	file  *os.File
}

// openTrace opens the file of -d, or writes to the log for DebugSMTP.
func (srv *server) openTrace(id string) *trace {
	if srv.conf.flags.debug {
		name := filepath.Join(srv.conf.traceDir, id)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0600)
		if err == nil {
			return &trace{file: f, write: func(line string) { fmt.Fprintln(f, line) }}
		}
		srv.logf(maillog.Warning, "error", "trace: "+err.Error()+"; tracing to the log")
	} else if !srv.conf.trace {
		return nil
	}
	return &trace{write: func(line string) { srv.log.Log(maillog.Debug, id+" "+line) }}
}

func (t *trace) close() {
	if t != nil && t.file != nil {
		t.file.Close()
	}
}

// traceLine notes what was read ('<') or will be written ('>').
func (s *session) traceLine(direction byte, text []byte) {
	if s.trace == nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		s.trace.write(string(direction) + " " + maillog.Clean(strings.TrimRight(line, "\r\n"), 2048))
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func upper(s string) string { return strings.ToUpper(s) }

func panicText(p any) string { return fmt.Sprint(p) }
