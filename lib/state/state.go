// Package state keeps what many short processes share, in plain files: slots
// (how many at once), rates (how many an hour) and caches (what was found out,
// until it expires).
//
// A store is one folder:
//
//	slot/SHARD/KEY.N         lock files; the holder has flock(2) on one
//	rate/SHARD/KEY           a line of text: level, time, rate an hour
//	cache/NAME/SHARD/KEY     a line of text about the value, then the value
//	sweep                    how far the sweeper has come
//
// KEY is safefile.Name of the key, SHARD two hexadecimal digits of its hash.
// All of it may be read, edited and removed while programs run.
//
// Nothing here is written so that it survives a power failure, only so that
// what a crash leaves is seen to be whole or is not used. A process may be
// killed anywhere. Errors wrap the system's error number; the caller decides
// whether it goes on without the store (caches) or not (limits).
//
// Times are arguments. A clock that is set back, or ahead and back again,
// neither frees nor blocks anybody for longer than if the state had been new.
package state

import (
	"errors"
	"net/netip"
	"time"

	"postern/lib/safefile"
)

// skew is by how much the clocks of two calls may differ because one waited
// longer between looking at its clock and having the lock. What is farther in
// the future was written before the clock was set back.
const skew = time.Minute

// ErrFull is Slot's when all slots are taken.
var ErrFull = errors.New("all slots are taken")

// Store is a folder of slots, rates and caches. Many goroutines may use it.
type Store struct {
	base  *safefile.Base
	crowd int // keys of a shard beyond which some are dropped
	odds  int // one new key in odds counts those of its shard
}

// Open is the store in dir, at which it does not look before it needs to; a
// folder that does not exist is made with the first key.
func Open(dir string) *Store {
	return &Store{base: safefile.NewBase(dir, folderMode), crowd: maxKeys, odds: crowdOdds}
}

// AddrKey is the key of a client: its IPv4 address, or the first address of
// its IPv6 /64, which is what one client has. An IPv4 address mapped into IPv6
// is the IPv4 address; zones are left out. "unknown" is the zero address's.
func AddrKey(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	switch {
	case !addr.IsValid():
		return "unknown"
	case addr.Is6():
		return netip.PrefixFrom(addr, 64).Masked().Addr().String()
	}
	return addr.String()
}
