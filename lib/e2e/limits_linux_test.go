package e2e

import (
	"path/filepath"
	"testing"
)

// On a disk that is full, or not to be written, nobody gets past a limit and
// nobody is refused for good; when it is well again, so is smtpd.
func TestLimitsOnIllDisk(t *testing.T) {
	NeedRoot(t)
	in := newInstance(t, "SPF 0", "MaxMsgsPerIP 10", "MaxConPerIP 10", "MaxErrorsPerIP 10")
	in.mkdir("var/lib/postern/state")
	disk := newDiskAt(t, filepath.Join(in.root, "var/lib/postern/state"))
	greeted := func(client, want string) {
		t.Helper()
		conn, p := in.sessionOf(client)
		defer func() { conn.Close(); <-p.done }() // which lets go of the disk
		if got := converse(t, conn).code(); got != want {
			t.Errorf("%s is told %s, want %s", client, got, want)
		}
	}
	greeted("192.0.2.1", "220")
	free := disk.UseInodes(t)
	greeted("192.0.2.2", "421")
	free()
	greeted("192.0.2.2", "220")
	disk.ReadOnly(t)
	greeted("192.0.2.3", "421")
}
