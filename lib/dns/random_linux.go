package dns

import "golang.org/x/sys/unix"

// random fills b as crypto/rand does, whose packages alone would make a process
// that asks one question start a tenth later. The kernel gives up to 256 octets
// always and whole (getrandom(2)); more is never asked for.
func random(b []byte) {
	if n, err := unix.Getrandom(b, 0); n != len(b) {
		panic("getrandom: " + err.Error()) // without it anybody could answer
	}
}
