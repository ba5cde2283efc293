package main

import (
	"fmt"
	"time"

	"postern/lib/maillog"
)

// maxWord bounds an address in a list, in octets.
const maxWord = 320

// clean makes an address fit for a terminal.
func clean(s string) string { return maillog.Clean(s, maxWord) }

// size is a number of octets in few digits.
func size(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%dB", n)
	}
	f, u := float64(n)/1024, 0
	for f >= 1000 && u < len(units)-1 {
		f /= 1024
		u++
	}
	return fmt.Sprintf("%.1f%c", f, units[u])
}

// since is the time that has passed, in its largest unit.
func since(t, now time.Time) string {
	d := max(0, now.Sub(t))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}
