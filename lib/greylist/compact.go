package greylist

import (
	"bytes"
	"io"
	"time"
)

// superfluous is where the lines begin, in order, that may be left out of the text:
// entries that have expired, lines whose subject a later line has again, and
// withdrawals of what is not there any more.
func (s *Store) superfluous(v *view, now time.Time) (drop []int64, err error) {
	text := func() io.Reader { return io.NewSectionReader(v.text, 0, int64(v.state.Size)) }
	last := newLastLines()
	if err := eachLine(text(), last.add, nil); err != nil {
		return nil, err
	}
	var kept survivors
	err = eachLine(text(), func(e Entry, at int64) {
		switch {
		case last.again(&e, at), s.outlived(&e, now), e.Withdrawn && !kept.overlap(&e):
			drop = append(drop, at)
		default:
			kept.add(&e)
		}
	}, nil)
	return drop, err
}

// lastLines are where the last lines of each subject begin: of all, and of those
// that a person wrote. What a program has said of it since then will expire, and
// is no reason to leave out what the person said.
type lastLines struct{ all, byHand map[key]int64 }

func newLastLines() lastLines {
	return lastLines{all: make(map[key]int64), byHand: make(map[key]int64)}
}

func (l lastLines) add(e Entry, at int64) {
	k := e.key()
	l.all[k] = at
	if e.Since.IsZero() {
		l.byHand[k] = at
	}
}

// again says whether a later line has the subject again.
func (l lastLines) again(e *Entry, at int64) bool {
	if e.Since.IsZero() {
		return l.byHand[e.key()] != at
	}
	return l.all[e.key()] != at
}

// outlived says whether an entry has expired. One from before the clock was set
// back has not.
func (s *Store) outlived(e *Entry, now time.Time) bool {
	return s.Life > 0 && !e.Since.IsZero() && !e.Withdrawn && now.Sub(e.Since) > s.Life
}

// survivors says of which kinds there are lines that stay.
type survivors [kinds]bool

func (l *survivors) add(e *Entry) { l[e.Kind] = l[e.Kind] || !e.Withdrawn }

// overlap says whether a withdrawal may be about one of them: a network that
// has this one within, or is in it, and likewise a domain. Then it stays.
func (l *survivors) overlap(e *Entry) bool { return l[e.Kind] }

// without is a text without the lines that begin at some places.
func without(text []byte, drop []int64) []byte {
	kept := make([]byte, 0, len(text))
	from := int64(0)
	for _, at := range drop {
		kept = append(kept, text[from:at]...)
		end := bytes.IndexByte(text[at:], '\n')
		if end < 0 {
			return kept
		}
		from = at + int64(end) + 1
	}
	return append(kept, text[from:]...)
}
