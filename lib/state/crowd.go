package state

import (
	"math/rand/v2"
	"path"
	"time"
)

// An attacker who has many addresses can make a key for each. So that they do
// not use up the inodes of the disk, a shard keeps no more than about maxKeys,
// a million in all 256: one new key in crowdOdds counts those that are there
// and makes room. What lives is dropped too, if it must be: whoever has a
// million keys gains nothing when one of them is forgotten, and others are
// only counted anew. Slots that are held are never dropped; there are no more
// than processes.
const (
	maxKeys   = 4096
	crowdOdds = 256
)

// reaper removes one file if it is dead, or with force unless it is in use.
type reaper func(name string, now time.Time, force bool) (removed bool, err error)

// relieve makes room in the shard where a new key will be, if its turn has
// come. Errors are left to the making of the key.
func (s *Store) relieve(name string, now time.Time, reap reaper) {
	if rand.IntN(s.odds) != 0 {
		return
	}
	shard := path.Dir(name)
	names, err := s.list(shard)
	if err != nil || len(names) <= s.crowd {
		return
	}
	left := len(names)
	for _, force := range []bool{false, true} {
		for _, n := range names {
			if left <= s.crowd-s.crowd/8 {
				return
			}
			if removed, _ := reap(shard+"/"+n, now, force); removed {
				left--
			}
		}
	}
}
