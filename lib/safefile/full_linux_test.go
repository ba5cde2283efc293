package safefile

import (
	"os"
	"testing"

	"postern/lib/e2e"
)

// smallDisk is a folder on a disk with 128 KiB of room, fewer than fillUp asks
// for.
func smallDisk(t *testing.T) string {
	t.Helper()
	disk := string(e2e.NewDisk(t))
	if err := os.WriteFile(disk+"/filler", make([]byte, 1<<20-128<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := disk + "/folder"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
