//go:build !linux

package greylist

// bootTime is when the host was started, where that can be known.
func bootTime() int64 { return 0 }
