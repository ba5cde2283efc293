package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"postern/lib/conf"
)

// tarpitTop is the longest wait, in seconds, when none is said.
const tarpitTop = 250

// A tarpit says how long refusals take, in seconds. The zero one lets nobody
// wait.
type tarpit struct {
	first, growth, top float64
}

// value is the directive: first, growth, and the longest wait.
func (t *tarpit) value() conf.Value {
	return conf.Value{
		Set:   t.set,
		Reset: func() { *t = tarpit{} },
		Show: func() [][]string {
			args := []string{number(t.first), number(t.growth)}
			if t.top != 0 && t.top != tarpitTop {
				args = append(args, number(t.top))
			}
			return [][]string{args}
		},
	}
}

func (t *tarpit) set(args []string) error {
	if len(args) != 2 && len(args) != 3 {
		return errors.New("wants two or three numbers")
	}
	n := [3]float64{2: tarpitTop}
	for i, word := range args {
		var err error
		if n[i], err = strconv.ParseFloat(word, 64); err != nil || !(n[i] >= 0 && n[i] <= 3600) {
			return fmt.Errorf("%q is not in 0 to 3600", word)
		}
	}
	*t = tarpit{first: min(n[0], n[2]), growth: n[1], top: n[2]}
	return nil
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// next is the wait behind one of so many seconds; 0 stands for none yet.
func (t tarpit) next(last float64) float64 {
	if last == 0 {
		return t.first
	}
	return min(last+last*t.growth, t.top)
}

// tarry makes a client wait for a refusal; the replies before it are sent at once.
// A batch is not made to wait.
func (s *session) tarry() {
	if s.conf.wire.tarpit.first == 0 || s.closing || s.batch || !s.flush() {
		return
	}
	s.delay = s.conf.wire.tarpit.next(s.delay)
	s.sleep(s, time.Duration(s.delay*float64(time.Second)))
}
