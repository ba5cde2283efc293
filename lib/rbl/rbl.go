// Package rbl asks DNS lists about a client: lists of addresses and of names
// that ought to be refused, or welcomed (RFC 5782). Each list has a score; the
// scores of all that have the client are added, and a sum of Threshold is too
// much.
//
// What a list answers is believed only as far as it can be an answer of a list:
// an address in 127.0.0.0/8 that is not one of those by which lists say that
// they refuse to be asked. Anything else, and silence, is an error of the list
// and never a listing.
package rbl

import (
	"net/netip"
	"strings"
	"time"
)

const (
	// Threshold is the score at which a client is refused.
	Threshold = 100
	// Limit is how long all lists together may take to answer, unless the
	// caller says something else.
	Limit = 10 * time.Second

	maxScore = 1 << 20 // either way, so that no sum overflows
)

// By says what of a client a list is asked about. It is a set.
type By uint8

// What lists are asked about.
const (
	ByAddress By = 1 << iota // the client's address, turned round: option -i
	ByName                   // the client's verified name: -p
	BySender                 // the domain of the envelope sender: -f
)

// List is a list, or a part of one, and what it counts.
type List struct {
	Zone  string // below which questions are asked; may have a customer's key in it: see Name
	By    By
	Score int    // negative for a list of those who are welcome
	Codes *Codes // the answers that count; nil for all
}

// keyLength is the least length of a label that is taken for a customer's key;
// Spamhaus has keys of 26 letters and digits, Abusix of 32.
const keyLength = 20

// Name returns the list's zone as logs, headers and replies may show it: a first
// label that is a customer's key is left out.
func (l *List) Name() string {
	key := l.key()
	if key == "" {
		return l.Zone
	}
	return l.Zone[len(key)+1:]
}

// Hide puts "*" in place of the customer's key, if the list has one.
func (l *List) Hide(text string) string {
	if key := l.key(); key != "" {
		return strings.ReplaceAll(text, key, "*")
	}
	return text
}

// key returns the first label when it is a key, "" when it is none.
func (l *List) key() string {
	label, rest, _ := strings.Cut(l.Zone, ".")
	if len(label) < keyLength || !strings.Contains(rest, ".") {
		return ""
	}
	for i := range len(label) {
		if c := label[i] | 0x20; !('a' <= c && c <= 'z' || '0' <= label[i] && label[i] <= '9') {
			return ""
		}
	}
	return label
}

// Client is who lists are asked about. What is missing is not asked about.
type Client struct {
	Addr   netip.Addr
	Name   string // its verified name
	Sender string // the domain of the envelope sender
}
