package dns

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// random fills b, no more than 256 octets, which the kernel always gives whole
// (getrandom(2)). The packages of crypto/rand alone would make a process that
// asks one question start a tenth later; and what they and x/sys set up to get
// much randomness fast costs more than the little that is wanted here.
func random(b []byte) {
	n, _, errno := unix.Syscall(unix.SYS_GETRANDOM, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0)
	if int(n) != len(b) {
		panic("getrandom: " + errno.Error()) // anybody could forge answers
	}
}
