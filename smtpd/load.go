package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"postern/lib/maillog"
	"postern/lib/smtp"
)

// Limits of the load average.
const (
	noLoadLimit    = 999
	leastLoadLimit = 10 // what less than 1 means
)

// loadFile is where Linux has the load average.
const loadFile = "/proc/loadavg"

// loadAverage is the load average of the last minute, as a whole number.
func loadAverage(name string) (int, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return 0, err
	}
	whole, _, _ := strings.Cut(string(text), ".")
	n, err := strconv.Atoi(whole)
	if err != nil {
		return 0, fmt.Errorf("%s: not a load average", name)
	}
	return n, nil
}

func (s *session) tooLoaded() smtp.Reply {
	s.rec.Set("reason", "load average")
	return smtp.Say(421, smtp.NotAccepting, "the system is too loaded to take mail now, try again later")
}

// loaded says whether the load average of the last minute is above a limit.
// Where it cannot be known it is not.
func (srv *server) loaded(limit int) bool {
	load, err := loadAverage(srv.loadFile)
	if err != nil {
		srv.complain(maillog.Warning, "load", err)
		return false
	}
	return load > limit
}
