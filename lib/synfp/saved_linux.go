package synfp

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxSaved is room for the headers of a SYN: an IP header with its options or
// extension headers, and a TCP header.
const maxSaved = 512

// Saved reads the SYN of an accepted connection, which the kernel keeps when
// TCP_SAVE_SYN was set on the socket that listened. It can be read once. ok is
// false when there is none: the option was not set, the SYN has been read, or
// fd is no TCP connection.
func Saved(fd int) (s SYN, ok bool) {
	var buf [maxSaved]byte
	size := uint32(len(buf))
	// The packet has NULs, at which GetsockoptString would stop.
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.IPPROTO_TCP, unix.TCP_SAVED_SYN,
		uintptr(unsafe.Pointer(&buf)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 || size == 0 || int(size) > len(buf) {
		return SYN{}, false
	}
	s, err := ParsePacket(buf[:size])
	return s, err == nil
}
