package state

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"postern/lib/safefile"
)

// An entry of a cache is one line of five words, then the value:
//
//	2026-11-21T12:00:00Z 2026-11-21T13:00:00Z 9 5be1f4c9a1b2c3d4 "example.org"
//	192.0.2.1
//
// The time when it was put, the time from which on it is not used, how many
// octets the value has, the sum of all but itself (FNV-1a, 64 bits), and the
// key. What is behind the value belongs to a longer one that was here before.
type item struct {
	put, expires time.Time
	label        string
	value        []byte

	size int    // of the value, when only the head was read
	sum  uint64 // as the head has it
}

const (
	maxLabel    = 255  // octets of a key that stands in its entry
	maxHead     = 2048 // the key in it is quoted: four octets for one
	headWords   = 5
	sumHexWidth = 16
)

// label is what stands for a key in its entry.
func label(key string) string {
	if len(key) > maxLabel {
		return safefile.Name(key)
	}
	return key
}

// fresh says that the item may be used.
func (it item) fresh(now time.Time) bool {
	return now.Before(it.expires) && it.put.Sub(now) <= skew
}

// append appends the entry.
func (it item) append(p []byte) []byte {
	p = append(it.appendTimes(p), ' ')
	p = appendHex(p, it.check())
	p = append(p, ' ')
	p = strconv.AppendQuoteToASCII(p, it.label)
	p = append(p, '\n')
	return append(p, it.value...)
}

// appendTimes appends the words before the sum.
func (it item) appendTimes(p []byte) []byte {
	p = append(it.put.UTC().AppendFormat(p, time.RFC3339Nano), ' ')
	p = append(it.expires.UTC().AppendFormat(p, time.RFC3339Nano), ' ')
	return strconv.AppendInt(p, int64(len(it.value)), 10)
}

func appendHex(p []byte, x uint64) []byte {
	for shift := 60; shift >= 0; shift -= 4 {
		p = append(p, hexDigits[x>>shift&15])
	}
	return p
}

// check is the sum.
func (it item) check() uint64 {
	h := hash(fnvBasis, it.appendTimes(nil))
	return hash(hash(h, it.label), it.value)
}

// parseItem reads an entry, the zero item when it is damaged.
func parseItem(text []byte) item {
	it, missing := parseHead(text)
	if missing != 0 || it.check() != it.sum {
		return item{}
	}
	return it
}

// parseHead reads an entry's line and as much of its value as there is, and
// says how many octets of that are missing.
func parseHead(text []byte) (it item, missing int) {
	end := bytes.IndexByte(text[:min(len(text), maxHead)], '\n')
	if end < 0 {
		return item{}, 0
	}
	words := strings.SplitN(string(text[:end]), " ", headWords)
	if len(words) < headWords || !it.parseWords(words) {
		return item{}, 0
	}
	rest := text[end+1:]
	have := min(it.size, len(rest))
	it.value = rest[:have:have]
	return it, it.size - have
}

// parseWords reads the words of the line.
func (it *item) parseWords(words []string) bool {
	var okPut, okExpires bool
	it.put, okPut = parseTime(words[0])
	it.expires, okExpires = parseTime(words[1])
	size, errSize := strconv.Atoi(words[2])
	sum, errSum := strconv.ParseUint(words[3], 16, 64)
	label, errLabel := strconv.Unquote(words[4])
	it.size, it.sum, it.label = size, sum, label
	return okPut && okExpires && errSize == nil && errSum == nil && errLabel == nil &&
		0 <= size && size <= MaxValue && len(words[3]) == sumHexWidth
}
