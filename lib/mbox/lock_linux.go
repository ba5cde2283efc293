package mbox

// setLock locks by open file description (F_OFD_SETLK): such a lock excludes
// the classic ones of other programs, and goroutines of this process as well.
const setLock = 37

// perProcess says that the kernel's lock does not exclude goroutines.
const perProcess = false
