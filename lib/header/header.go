// Package header reads and writes the fields at the top of a message (RFC 5322),
// with LF line ends. It holds no more than one field of a message at a time.
package header

import "time"

const (
	// foldAt is the column at which our own fields are folded (RFC 5322 2.1.1).
	foldAt = 78
	// maxToken bounds what a peer contributes to a field: a domain (RFC 5321 4.5.3.1.2).
	maxToken = 255
)

// Date returns t as a message has it (RFC 5322 3.3): "Mon, 02 Jan 2006 15:04:05 -0700".
func Date(t time.Time) string {
	return t.Format("Mon, 02 Jan 2006 15:04:05 -0700")
}
