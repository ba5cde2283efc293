package main

import "time"

// The waits between attempts double from the first to the last. RFC 5321
// 4.5.4.1 asks for two attempts in the first hour, then one in two to three
// hours or so.
const (
	firstWait = 5 * time.Minute
	lastWait  = 4 * time.Hour
)

// backoff is the wait after so many attempts.
func backoff(tries int) time.Duration {
	wait := firstWait
	for range tries - 1 {
		if wait *= 2; wait >= lastWait {
			return lastWait
		}
	}
	return wait
}

// nextTry is the time of the next attempt. chance, from [0, 1), spreads what
// failed together over half the wait.
func nextTry(now time.Time, tries int, chance float64) time.Time {
	wait := float64(backoff(tries))
	return now.Add(time.Duration(wait * (0.75 + chance/2)))
}

// age is how long an entry has been waiting in earnest when it has been tried
// so often: by the clock, but never more than twice what its waits come to.
// So neither a clock that jumps nor a host that was switched off makes mail
// expire that has hardly been tried.
func age(created, now time.Time, tries int) time.Duration {
	var waited time.Duration
	for n := 1; n < tries; n++ {
		waited += backoff(n)
	}
	return max(0, min(now.Sub(created), 2*waited))
}

// downFor is how long a destination is left alone after so many failures in a
// row: as long as a message waits after so many attempts, up to lastDown. chance,
// from [0, 1), makes it a quarter more or less.
func downFor(failures int, chance float64) time.Duration {
	wait := min(backoff(failures), lastDown)
	return time.Duration(float64(wait) * (0.75 + chance/2))
}
