//go:build !linux

package synfp

// Saved reads the SYN of an accepted connection. No kernel but Linux keeps it.
func Saved(int) (s SYN, ok bool) { return SYN{}, false }
