package main

import (
	"errors"
	"fmt"
	"os"

	"postern/lib/check"
	"postern/lib/maillog"
	"postern/lib/smtp"
)

// roomFor is the verdict on a message of size octets: it is deferred (452) when it
// would leave less than MinAvailSpace in the queue's file system.
func (s *session) roomFor(size int64) check.Verdict {
	least := s.conf.wire.minSpace
	if least == 0 {
		return check.Verdict{}
	}
	free, err := s.freeSpace()
	if err != nil {
		s.complain(maillog.Warning, "space", err)
		return check.Verdict{}
	}
	if free-int64(least)<<10 >= size {
		return check.Verdict{}
	}
	return check.Verdict{Action: check.Defer, Check: "space", Reason: fmt.Sprintf("%d octets are free", free),
		Reply: smtp.Say(452, smtp.SystemFull, "no room for mail now, try again later")}
}

// freeSpace is the room where messages are kept, in octets.
func (srv *server) freeSpace() (free int64, err error) {
	for _, dir := range []string{srv.conf.mail.Queue, srv.conf.places.Queue(), srv.conf.places.Spool()} {
		if dir == "" {
			continue
		}
		if free, err = srv.free(dir); !errors.Is(err, os.ErrNotExist) {
			return free, err
		}
	}
	return free, err
}
