// Package caller tells who is at the other end of a socket: which user of this
// host, and how he is written down, or which address; and which addresses are
// this host's own.
package caller

import "strconv"

// Ident is how the user stands in a Received field and in an envelope:
// "uid#1000@localhost".
func Ident(uid int) string { return "uid#" + strconv.Itoa(uid) + "@localhost" }
