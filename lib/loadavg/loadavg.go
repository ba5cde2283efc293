// Package loadavg is the load average of the host, and what MaxLoad makes of it.
package loadavg

// Never is the limit that stands for none, since no load is above it. ZMailer's
// default says it so.
const Never = 999

// leastLimit is what a limit of less than 1 means, as in ZMailer.
const leastLimit = 10

// Limit returns the load above which nothing more is accepted where the directive
// says n: n itself, and leastLimit for what is less than 1.
func Limit(n int) int {
	if n < 1 {
		return leastLimit
	}
	return n
}
