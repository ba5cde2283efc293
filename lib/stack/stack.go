// Package stack makes the stack of a short process in one piece.
package stack

// size, in octets, is more than half of the stack that Grow makes: stacks are powers
// of two.
const size = 20 << 10

// Grow makes the calling goroutine's stack 32 KiB large, which is as deep as a
// session or a check goes. The runtime begins with 2 KiB and doubles a stack each
// time that a function finds no room on it; each time it copies what is there, and
// sets up, and touches, a pool of stacks of the new size. In a process that lives
// for half a millisecond that is a twentieth of the price. A function that wants
// much room gets it at once, and what nobody uses of it is never touched.
func Grow() { wide(-1) }

// wide has a large frame, of which it uses nothing when i is negative.
//
//go:noinline
func wide(i int) byte {
	if i < 0 {
		return 0
	}
	var room [size]byte
	for n := range room {
		room[n] = byte(n)
	}
	return room[i%size]
}
