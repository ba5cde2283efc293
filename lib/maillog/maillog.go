// Package maillog writes one-line records to where the host wants them:
// standard error, the journal or syslog.
package maillog

import "io"

// Priority is a level of syslog, RFC 5424 section 6.2.1.
type Priority int

// The priorities, worst first.
const (
	Emerg Priority = iota
	Alert
	Crit
	Err
	Warning
	Notice
	Info
	Debug
)

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
	// Stderr replaces standard error.
	Stderr io.Writer
	// SyslogSocket is the socket of the syslog daemon, /dev/log when empty.
	SyslogSocket string
}

// Logger writes records; several goroutines may use it at once.
type Logger struct{}

// Open makes a logger. It costs nothing: sinks are looked for when the first
// record is written.
func Open(o Options) *Logger { return &Logger{} }

// Log writes one record, cleaned, as one line. It never blocks for more than a
// second on syslog, and what cannot be written is dropped.
func (l *Logger) Log(p Priority, line string) {}

// Clean makes s fit for one line of a log, a reply or a header field: control
// characters, invisible ones and octets that are not UTF-8 stand as \n, \x1b or
// \u202e, and what exceeds max octets is cut, ending in "...".
func Clean(s string, max int) string { return s }

// ParsePriority takes "mail.info" apart, either half of which may be missing
// ("mail", ".info"), and complains of unknown words.
func ParsePriority(s string) (facility, level string, err error) { return "", "", nil }
