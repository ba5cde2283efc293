// Package sysexits names the exit statuses of sysexits(3), by which the
// programs of a mail system tell one another how their work ended.
package sysexits

import "strconv"

// The exit statuses. A caller that does not know a status, or sees a signal,
// treats it as TempFail: what is not understood is tried again.
const (
	OK          = 0  // done
	Usage       = 64 // the command was used wrongly
	DataErr     = 65 // the input is not what it should be
	NoInput     = 66 // an input file cannot be read
	NoUser      = 67 // no such recipient
	NoHost      = 68 // no such host
	Unavailable = 69 // refused for good
	Software    = 70 // an error in the program itself
	OSErr       = 71 // the system cannot do it (no process, no pipe)
	OSFile      = 72 // a system file is missing or broken
	CantCreat   = 73 // an output file cannot be made
	IOErr       = 74 // reading or writing failed
	TempFail    = 75 // try again later
	Protocol    = 76 // the other side broke the protocol
	NoPerm      = 77 // not permitted
	Config      = 78 // the configuration is wrong
)

// Name gives the status's name in sysexits.h, "EX_TEMPFAIL" for 75, and the
// number itself for a status that has none there.
func Name(status int) string {
	switch status {
	case OK:
		return "EX_OK"
	case Usage:
		return "EX_USAGE"
	case DataErr:
		return "EX_DATAERR"
	case NoInput:
		return "EX_NOINPUT"
	case NoUser:
		return "EX_NOUSER"
	case NoHost:
		return "EX_NOHOST"
	case Unavailable:
		return "EX_UNAVAILABLE"
	case Software:
		return "EX_SOFTWARE"
	case OSErr:
		return "EX_OSERR"
	case OSFile:
		return "EX_OSFILE"
	case CantCreat:
		return "EX_CANTCREAT"
	case IOErr:
		return "EX_IOERR"
	case TempFail:
		return "EX_TEMPFAIL"
	case Protocol:
		return "EX_PROTOCOL"
	case NoPerm:
		return "EX_NOPERM"
	case Config:
		return "EX_CONFIG"
	}
	return strconv.Itoa(status)
}
