package main

import "os"

// loadAverage is the integer part of the load average of the last minute.
func loadAverage() (int, error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0, err
	}
	return parseLoad(string(text))
}
