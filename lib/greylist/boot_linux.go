package greylist

import (
	"os"
	"strings"
)

// bootID tells one start of the host from another.
func bootID() (id [16]byte) {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	copy(id[:], strings.ReplaceAll(strings.TrimSpace(string(text)), "-", ""))
	return id
}
