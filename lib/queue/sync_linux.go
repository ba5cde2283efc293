package queue

import (
	"os"
	"syscall"
)

// syncData makes what was written in place durable. The size of an entry never
// changes, so its inode need not be written: no commit of the journal.
func syncData(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return err
		}
	}
}
