// Package loadavg is the load average of the host, and what MaxLoad makes of it.
package loadavg

import (
	"fmt"
	"strconv"
	"strings"
)

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

// parse reads /proc/loadavg: "0.52 0.58 0.59 1/597 12345".
func parse(text string) (int, error) {
	first, _, _ := strings.Cut(text, " ")
	whole, _, ok := strings.Cut(first, ".")
	n, err := strconv.Atoi(whole)
	if !ok || err != nil || n < 0 {
		return 0, fmt.Errorf("%.20q is not a load average", first)
	}
	return n, nil
}
