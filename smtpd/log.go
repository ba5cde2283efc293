package main

import (
	"io"
	"os"

	"postern/lib/maillog"
	"postern/lib/record"
)

// openLog opens the log as the configuration has it.
func openLog(c *config, stderr io.Writer) *maillog.Logger {
	o := c.logOptions()
	if stderr != os.Stderr {
		o.Stderr = stderr
	}
	return maillog.Open(o)
}

// logOptions are the configuration's word about the log.
func (c *config) logOptions() maillog.Options {
	facility, level, err := maillog.ParsePriority(c.logPriority)
	if err != nil { // the configuration was refused, and this is to say so
		facility, level = "", ""
	}
	o := maillog.Options{Facility: facility, Level: level, Tag: c.logTag, Sink: c.logTo}
	if o.Tag == "" {
		o.Tag = "smtpd"
	}
	return o
}

// logf logs a record line made of names and values in turn.
func (srv *server) logf(p maillog.Priority, pairs ...string) {
	r := record.Of(pairs...)
	srv.log.Log(p, r.String())
}
