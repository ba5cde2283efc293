//go:build !linux

package safefile

import "testing"

func smallDisk(t *testing.T) string {
	t.Skip("no small disk is made on this system")
	return ""
}
