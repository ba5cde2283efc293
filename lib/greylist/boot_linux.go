package greylist

import (
	"time"

	"golang.org/x/sys/unix"
)

// bootTime is when the host was started, in seconds of Unix. /proc knows better,
// but units that hide it from smtpd do not hide the clocks.
func bootTime() int64 {
	var up unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &up) != nil {
		return 0
	}
	return time.Now().Unix() - up.Sec
}
