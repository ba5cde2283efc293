package queue

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// State is how far the delivery to one recipient has come.
type State byte

// The states of a recipient.
const (
	Waiting  State = iota // to be tried when the entry is due
	Begun                 // being tried, or the process that tried it died
	Done                  // safe elsewhere
	Rejected              // will not be tried again
	Arrived               // safe elsewhere, and its sender is still to be told
	Told                  // will not be tried again, and its sender has been told
	Late                  // as Waiting, and its sender has been told that it waits
)

// String is the state as it stands in the file.
func (s State) String() string {
	switch s {
	case Begun:
		return "busy"
	case Done:
		return "done"
	case Rejected:
		return "fail"
	case Arrived:
		return "here"
	case Told:
		return "told"
	case Late:
		return "late"
	}
	return "wait"
}

// parseState reads a word of the file. A word torn by a power failure counts
// as waiting: rather twice than never.
func parseState(word string) State {
	for _, s := range [...]State{Begun, Done, Rejected, Arrived, Told, Late} {
		if word == s.String() {
			return s
		}
	}
	return Waiting
}

// Open says whether the recipient still waits for its delivery.
func (s State) Open() bool { return s == Waiting || s == Begun || s == Late }

// over says whether nothing is left to be done for the recipient.
func (s State) over() bool { return s == Done || s == Told }

// Status is the state of one recipient.
type Status struct {
	State State
	Tries int       // attempts so far; stops counting at 999
	Tried time.Time // of the last attempt, whole seconds; zero if none
	Reply string    // what the last attempt was answered; cut at 160 octets
}

// The fixed form of a status behind a recipient's line. It is overwritten in
// place, so its length is part of the file format.
const (
	stateKey   = " state="
	triesKey   = " tries="
	triedKey   = " tried="
	replyKey   = ` reply="`
	stateLen   = 4
	triesLen   = 3
	triedLen   = 10
	replyLen   = 160
	statusLen  = len(stateKey) + stateLen + len(triesKey) + triesLen + len(triedKey) + triedLen + len(replyKey) + replyLen + 1
	maxTries   = 999
	maxTried   = 9999999999
	replyQuote = `"`
)

// append adds the fixed form, without newline.
func (s Status) append(b []byte) []byte {
	b = append(append(b, stateKey...), s.State.String()...)
	b = appendDigits(append(b, triesKey...), int64(min(s.Tries, maxTries)), triesLen)
	tried := int64(0)
	if !s.Tried.IsZero() {
		tried = min(s.Tried.Unix(), maxTried)
	}
	b = appendDigits(append(b, triedKey...), tried, triedLen)
	reply := plain(s.Reply)
	b = append(append(append(b, replyKey...), reply...), replyQuote...)
	for range replyLen - len(reply) {
		b = append(b, ' ')
	}
	return b
}

// appendDigits adds n with leading zeros.
func appendDigits(b []byte, n int64, width int) []byte {
	s := strconv.FormatInt(max(0, n), 10)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

// plain makes text fit between quotes without changing its length: what would
// need an escape is replaced. It is cut at replyLen, not within a character.
func plain(text string) string {
	text = strings.TrimSpace(strings.Map(plainRune, text))
	if len(text) <= replyLen {
		return text
	}
	n := replyLen
	for !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

func plainRune(r rune) rune {
	switch {
	case r == '"':
		return '\''
	case r == '\\':
		return '/'
	case r == utf8.RuneError, !unicode.IsPrint(r):
		return ' '
	}
	return r
}

// parseStatus reads the fixed form. ok is false when it is not there.
func parseStatus(b []byte) (s Status, ok bool) {
	var word, tries, tried, reply string
	text := string(b)
	for _, field := range []struct {
		key   string
		width int
		to    *string
	}{{stateKey, stateLen, &word}, {triesKey, triesLen, &tries}, {triedKey, triedLen, &tried}, {replyKey, replyLen + 1, &reply}} {
		text, ok = strings.CutPrefix(text, field.key)
		if !ok || len(text) < field.width {
			return Status{}, false
		}
		*field.to, text = text[:field.width], text[field.width:]
	}
	s.State = parseState(word)
	s.Tries, _ = strconv.Atoi(tries) // torn digits count as none
	if n, _ := strconv.ParseInt(tried, 10, 64); n > 0 {
		s.Tried = time.Unix(n, 0).UTC()
	}
	s.Reply, _, _ = strings.Cut(reply, replyQuote)
	s.Reply = plain(s.Reply)
	return s, text == ""
}
