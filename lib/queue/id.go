package queue

import (
	"math/rand/v2"
	"time"
)

// maxID bounds the name of an entry, in octets.
const maxID = 64

// shards are the names of the folders among which a place spreads its
// entries.
const shards = "0123456789abcdef"

// digits write an id. Their order is that of their octets, so that ids sort
// by age.
const digits = "0123456789abcdefghijklmnopqrstuv"

// NewID is a name for a message: ten digits of time in milliseconds, six by
// chance. Names made later sort later.
func NewID(now time.Time) string {
	var id [16]byte
	putDigits(id[:10], uint64(max(0, now.UnixMilli())))
	// An id is no secret: the runtime's own generator needs no system call.
	putDigits(id[10:], rand.Uint64())
	return string(id[:])
}

// putDigits fills b with the low digits of n, the lowest last.
func putDigits(b []byte, n uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = digits[n&31]
		n >>= 5
	}
}

// ValidID says whether s can be the name of an entry: 1 to 64 letters, digits,
// `_` and `-`, not beginning with `-`.
func ValidID(s string) bool {
	if s == "" || len(s) > maxID || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if !idByte(s[i]) {
			return false
		}
	}
	return true
}

func idByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

// shard is the folder of an id within a place (FNV-1a, folded).
func shard(id string) string {
	h := uint32(2166136261)
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	h ^= h >> 16
	h ^= h >> 8
	i := (h ^ h>>4) & 15
	return shards[i : i+1]
}
