package greylist

import (
	"time"

	"golang.org/x/sys/unix"
)

// mtime is when an entry came first.
func mtime(st *unix.Stat_t) time.Time { return time.Unix(st.Mtim.Unix()) }

// atime is when it came last.
func atime(st *unix.Stat_t) time.Time { return time.Unix(st.Atim.Unix()) }
