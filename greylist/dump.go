package main

import (
	"encoding/hex"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"postern/lib/conf"
	"postern/lib/greylist"
)

// A dump is what db_dump prints of postgrey's databases: a head, then lines that
// begin with a blank, a key and its value in turn, in hexadecimal unless the
// head says format=print.
//
//	postgrey.db          net/sender/recipient   first,last
//	postgrey_clients.db  client                 count,last
//
// where the times are those of Unix.
type dump struct {
	*importer
	plain bool
	key   string
	good  bool // the key
	odd   bool
	ended bool // as a dump does that is whole

	taken map[netip.Prefix]int // where in the entries a client is
}

// trustedAfter is how many messages make postgrey trust a client.
const trustedAfter = 5

// clocksApart is how far ahead the clock of postgrey's host may be. Who came
// later than that would never be taken off the whitelist.
const clocksApart = 24 * time.Hour

func readDump(im *importer, r io.Reader) error {
	d := dump{importer: im, taken: make(map[netip.Prefix]int)}
	err := im.eachLine(r, d.take)
	if err == nil && !d.ended {
		d.leave("the dump is cut off, there is no DATA=END")
	}
	return err
}

// take takes a line.
func (d *dump) take(line string) {
	switch {
	case line == "format=print":
		d.plain = true
		return
	case line[0] != ' ':
		d.ended = line == "DATA=END"
		return
	}
	text, ok := d.decode(line[1:])
	if d.odd = !d.odd; d.odd {
		d.key, d.good = text, ok
		return
	}
	if !ok || !d.good {
		d.leave("not what db_dump prints")
		return
	}
	d.pair(d.key, text)
}

// decode decodes a line's text.
func (d *dump) decode(text string) (string, bool) {
	if d.plain {
		return text, true
	}
	b, err := hex.DecodeString(text)
	return string(b), err == nil
}

// pair takes a key and its value. Those who did not come again before the
// database was dumped have still to do so.
func (d *dump) pair(key, value string) {
	client, rest, triplet := strings.Cut(key, "/")
	if triplet && isBits(rest) {
		client, triplet = key, false
	}
	first, last, ok := cutNumbers(value)
	ok = ok && last <= d.now().Add(clocksApart).Unix()
	passed := first >= trustedAfter
	if triplet {
		passed = time.Duration(last-first)*time.Second >= d.Delay
	}
	switch {
	case !ok:
		d.leave("not a value of postgrey's")
	case passed:
		e, err := netOf(client)
		e.Since = time.Unix(last, 0)
		d.keep(e, err)
	}
}

// keep takes a client once, as it came last: of each of its messages there may
// be a triplet.
func (d *dump) keep(e greylist.Entry, err error) {
	at, known := d.taken[e.Net]
	switch {
	case err != nil:
		d.leave(err.Error())
	case !known:
		d.taken[e.Net] = len(d.entries)
		d.add(e, nil)
	case e.Since.After(d.entries[at].Since):
		d.entries[at].Since = e.Since
	}
}

// isBits says whether this is the rest of a network.
func isBits(s string) bool {
	_, err := strconv.ParseUint(s, 10, 8)
	return err == nil
}

func cutNumbers(value string) (a, b int64, ok bool) {
	left, right, _ := strings.Cut(strings.TrimSuffix(value, "\x00"), ",")
	a, errA := strconv.ParseInt(left, 10, 64)
	b, errB := strconv.ParseInt(right, 10, 64)
	return a, b, errA == nil && errB == nil && 0 <= a && 0 <= b
}

// netOf is a client as postgrey keeps it: its network, of which the rest is 0,
// a /24 or a /64, or its address.
func netOf(client string) (greylist.Entry, error) {
	if addr, err := netip.ParseAddr(client); err == nil {
		if e, err := greylist.ParseSubject(client); err == nil && e.Net.Addr() == addr {
			return e, nil
		}
	}
	return exactNet(client)
}

// exactNet is a network, or an address for itself alone.
func exactNet(word string) (e greylist.Entry, err error) {
	e.Kind = greylist.Net
	e.Net, err = conf.ParseNet(word)
	return e, err
}
