package loadavg

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fraction is how many bits of a load of sysinfo(2) are behind the point.
const fraction = 16

// Average is the integer part of the load average of the last minute. Nothing
// of /proc is read for it, which units hide from sessions.
func Average() (int, error) {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return 0, fmt.Errorf("sysinfo: %w", err)
	}
	return int(info.Loads[0] >> fraction), nil
}
