package state

import (
	"bytes"
	"math"
	"strconv"
	"time"
)

// A bucket's file is one line of three words, filled up with blanks so that
// each line covers the one before:
//
//	2.5 2026-11-21T12:00:00.000000001Z 3600
//
// The level, the time when it was that, and the rate an hour at which it leaks,
// which tells the sweeper when the bucket is dry.
const (
	bucketLine    = 80
	maxBucketLine = 256 // that is read, for lines which a person has written
)

const (
	maxLevel = 1e15 // up to which a float64 counts ones and thousandths
	tiny     = 1e-6 // what floating point may lose
)

// bucket is a leaky bucket at a time. The zero bucket is empty.
type bucket struct {
	level   float64
	at      time.Time
	perHour float64
}

// parseBucket reads a line. A line that is damaged, or not there, is an empty
// bucket: a limit that cannot be read must not hold for ever.
func parseBucket(text []byte) bucket {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	words := bytes.Fields(line)
	if len(words) < 3 {
		return bucket{}
	}
	level, okLevel := parseAmount(string(words[0]))
	at, okTime := parseTime(string(words[1]))
	perHour, okRate := parseAmount(string(words[2]))
	if !okLevel || !okTime || !okRate {
		return bucket{}
	}
	return bucket{level: level, at: at, perHour: perHour}
}

// parseTime reads a time that can be written again.
func parseTime(word string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, word)
	t = t.UTC()
	return t, err == nil && 1 <= t.Year() && t.Year() <= 9999
}

func parseAmount(word string) (float64, bool) {
	x, err := strconv.ParseFloat(word, 64)
	return x, err == nil && 0 <= x && x <= maxLevel
}

// append appends the line.
func (b bucket) append(p []byte) []byte {
	start := len(p)
	p = appendAmount(p, b.level)
	p = append(p, ' ')
	p = b.at.UTC().AppendFormat(p, time.RFC3339Nano)
	p = append(p, ' ')
	p = appendAmount(p, b.perHour)
	for len(p)-start < bucketLine-1 {
		p = append(p, ' ')
	}
	return append(p, '\n')
}

func appendAmount(p []byte, x float64) []byte {
	return strconv.AppendFloat(p, clamp(x, maxLevel), 'g', 15, 64)
}

// clamp is x between 0 and limit; 0 when x is no number.
func clamp(x, limit float64) float64 {
	if !(x > 0) {
		return 0
	}
	return min(x, limit)
}

// ahead says that the clock was set back since the bucket was used.
func (b bucket) ahead(now time.Time) bool { return b.at.Sub(now) > skew }

// leak is the bucket at a later time. What it held when the clock was set back
// leaks from now on.
func (b bucket) leak(perHour float64, now time.Time) bucket {
	passed := now.Sub(b.at)
	if passed > 0 {
		b.level = clamp(b.level-passed.Hours()*perHour, maxLevel)
	}
	if passed > 0 || b.ahead(now) {
		b.at = now
	}
	b.perHour = perHour
	return b
}

// add is the bucket with n more in it, if that is no more than limit. If it is,
// wait is how long it takes until it will not be. A bucket that holds more than
// limit, because limit was lowered, holds limit.
func (b bucket) add(n, limit float64) (after bucket, ok bool, wait time.Duration) {
	b.level = clamp(b.level, clamp(limit, maxLevel))
	if b.level+n <= limit+tiny {
		b.level = clamp(b.level+n, maxLevel)
		return b, true, 0
	}
	if n > limit+tiny {
		return b, false, Never
	}
	return b, false, hours((b.level + n - limit) / b.perHour)
}

// hours is a time rounded up, or Never.
func hours(h float64) time.Duration {
	ns := math.Ceil(h * float64(time.Hour))
	if !(ns >= 0 && ns < math.MaxInt64) {
		return Never
	}
	return time.Duration(ns)
}

// alive says that the bucket will matter after now.
func (b bucket) alive(now time.Time) bool {
	return !b.ahead(now) && b.leak(b.perHour, now).level > 0
}
