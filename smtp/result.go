package main

import (
	"strings"

	"postern/lib/record"
	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// maxWords bounds what a result tells of a server's words, in octets: a reply
// may have a quarter of a million, and a line of results has to be read.
const maxWords = 2000

// outcome is what became of a message for one recipient.
type outcome struct {
	reply  smtp.Reply // of the server, or ours in its place
	host   string     // who gave the reply: name and address; "" for ourselves
	tls    string     // see link.tls
	noDSN  bool       // the host takes no DSN parameters: reports end here
	reason string     // for the log: what the reply does not say
	exit   int        // exit status, where the reply's own is not meant
}

// verdict is the outcome in a word.
func (o outcome) verdict() string {
	switch o.reply.Class() {
	case 2:
		return "accept"
	case 5:
		return "reject"
	}
	return "defer"
}

// status is the exit status that the outcome stands for.
func (o outcome) status() int {
	switch {
	case o.exit != 0:
		return o.exit
	case o.reply.Class() == 2:
		return sysexits.OK
	case o.reply.Class() != 5:
		return sysexits.TempFail
	}
	return permanent(o.reply)
}

// permanent is the status of a refusal for good.
func permanent(r smtp.Reply) int {
	switch {
	case r.Detail == smtp.BadDestination, r.Detail == smtp.RecipientNullMX:
		return sysexits.NoHost
	case r.Detail != smtp.NoEnhanced && r.Detail.Subject() == 1:
		return sysexits.NoUser
	case r.Detail == smtp.NoEnhanced && (r.Code == 550 || r.Code == 551 || r.Code == 553):
		return sysexits.NoUser
	case r.Detail != smtp.NoEnhanced && r.Detail.Subject() == 6:
		return sysexits.DataErr
	}
	return sysexits.Unavailable
}

// worst puts the statuses of several recipients together: 75 if any is to be
// tried again, else that of the first who will never get the message, 0 when
// there is none.
func worst(so, next int) int {
	switch {
	case so == sysexits.OK:
		return next
	case next == sysexits.TempFail:
		return next
	}
	return so
}

// appendResult appends the line that says what became of one recipient.
func appendResult(b []byte, id, recipient string, o outcome) []byte {
	var r record.Record
	if id != "" {
		r.Set("id", id)
	}
	r.Set("recipient", recipient)
	r.Set("verdict", o.verdict())
	r.Set("reply", cut(o.reply.String()))
	if o.host != "" {
		r.Set("host", o.host)
	}
	if o.tls != "" {
		r.Set("tls", o.tls)
	}
	if o.noDSN {
		r.Set("dsn", "0")
	}
	if o.reason != "" {
		r.Set("reason", strings.ToValidUTF8(cut(o.reason), "?"))
	}
	return append(r.AppendLine(b), '\n')
}

// cut is s, no longer than maxWords.
func cut(s string) string { return s[:min(len(s), maxWords)] }
