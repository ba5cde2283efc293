package main

import (
	"net/netip"
	"path/filepath"
	"time"

	"postern/lib/filter"
	"postern/lib/maillog"
)

const (
	// filterTime is how long a client with too many sessions is kept out.
	filterTime = time.Minute
	// maxAsked bounds the clients of whom is remembered that they are.
	maxAsked = 1024
)

// keepOut asks smtpfilter, once a while, to keep new connections of a client
// away that has too many. Whom it never keeps out it knows itself, but for those
// who are trusted by their names.
func (s *server) keepOut(key netip.Addr) {
	now := s.now()
	if len(s.cfg.filter) == 0 || len(s.cfg.trustedDomains) > 0 || !key.IsValid() || key.IsLoopback() || now.Before(s.asked[key]) {
		return
	}
	if s.asked == nil || len(s.asked) >= maxAsked {
		s.asked = make(map[netip.Addr]time.Time)
	}
	s.asked[key] = now.Add(filterTime / 2)
	err := filter.Ask(filepath.Join(s.cfg.places.Lib(), "filter"),
		filter.Entry{Net: filter.Net(key), Expires: now.Add(filterTime), Reason: "MaxConPerIP"})
	if err != nil {
		s.log.seldom(aboutFilter, maillog.Warning, "error", "error", err.Error())
	}
}
