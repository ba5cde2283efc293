package auth

// What a password hash may cost: no entry may make an attempt to log in dearer
// than these, whoever wrote the file. They are also what is made here.
const (
	argonMemory = 19 << 10 // KiB
	argonPasses = 2
	argonLanes  = 1
	argonKey    = 32 // octets

	bcryptMade    = 10
	bcryptDearest = 12 // a quarter of a second
)
