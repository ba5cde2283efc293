package loadavg

import (
	"fmt"
	"os"
)

// file is where the kernel tells it.
const file = "/proc/loadavg"

// Average is the integer part of the load average of the last minute.
func Average() (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	n, err := parse(string(text))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	return n, nil
}
