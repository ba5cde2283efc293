package queue

import "strings"

// The last line of a listing for people, as runq -l writes it. Who is sent a
// listing over a socket knows by it that nothing is missing.
const (
	TotalMark      = "-- " // begins the line that says how much there is
	NothingQueued  = "the queue is empty"
	NothingOfYours = "nothing of yours is in the queue" // for a user who sees his own mail alone
)

// EndsListing says whether a line, without its end, is the last of a listing.
func EndsListing(line string) bool {
	return strings.HasPrefix(line, TotalMark) || line == NothingQueued || line == NothingOfYours
}
