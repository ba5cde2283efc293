// Package loadavg is the load average of the host, and what MaxLoad makes of it.
package loadavg

// Never is the limit that no load is above: ZMailer's way to say so.
const Never = 999

// leastLimit is what a limit of less than 1 means, as in ZMailer.
const leastLimit = 10

// Limit is what a number means as a limit.
func Limit(n int) int {
	if n < 1 {
		return leastLimit
	}
	return n
}
