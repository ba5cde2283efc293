// Package caller tells which user of this host is at the other end of a Unix
// socket, and how he is written down.
package caller

import "strconv"

// Ident is how the user stands in a Received field and in an envelope:
// "uid#1000@localhost".
func Ident(uid int) string { return "uid#" + strconv.Itoa(uid) + "@localhost" }
