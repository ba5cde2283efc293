package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"postern/lib/smtp"
	"postern/lib/state"
)

// downs remembers, from one process to the next, the destinations that are
// down: in a cache, as "failures until reply", until being Unix seconds. What
// cannot be read or written is forgotten: then the destination is tried.
type downs struct{ cache *state.Cache }

// keepDown is how long the failures in a row are remembered behind the time at
// which the destination may be tried again.
const keepDown = 24 * time.Hour

// load is what is known of a destination.
func (s downs) load(key string, now time.Time) (failures int, until time.Time, reply smtp.Reply) {
	value, ok, err := s.cache.Get(key, now)
	if err != nil || !ok {
		return 0, time.Time{}, smtp.Reply{}
	}
	words := strings.SplitN(string(value), " ", 3)
	if len(words) != 3 {
		return 0, time.Time{}, smtp.Reply{}
	}
	failures, _ = strconv.Atoi(words[0])
	seconds, _ := strconv.ParseInt(words[1], 10, 64)
	if reply, err = smtp.ParseReply(words[2]); err != nil || failures <= 0 {
		return 0, time.Time{}, smtp.Reply{}
	}
	// A clock that was set back must not keep it down for longer.
	return failures, earlier(time.Unix(seconds, 0), now.Add(2*lastDown)), reply
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// store notes that a destination is down.
func (s downs) store(key string, failures int, until time.Time, reply smtp.Reply, now time.Time) {
	value := fmt.Sprintf("%d %d %s", failures, until.Unix(), reply)
	s.cache.Put(key, []byte(value), now, until.Sub(now)+keepDown) // see downs
}

// clear notes that it is up again.
func (s downs) clear(key string, now time.Time) {
	s.cache.Put(key, []byte("0"), now, time.Second) // see downs
}
