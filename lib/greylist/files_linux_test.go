package greylist

import (
	"fmt"
	"net/netip"
	"os"
	"runtime/debug"
	"testing"
	"time"
)

// TestFilesAreClosed: a process that stays keeps few files open, though the
// whitelist changes each time and clients come to several addresses, and though
// the garbage collector closes nothing.
func TestFilesAreClosed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for _, text := range []string{"", padding()} {
		s := testStore(t)
		writeWhite(t, s, text)
		before := openFiles(t)
		for i := range 100 {
			q := query(fmt.Sprintf("2001:db8:1:%x::1", i), "bob@example.org")
			for _, at := range []time.Duration{0, time.Hour} {
				q.Local = netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 3)})
				if _, err := s.Check(q, noon.Add(at)); err != nil {
					t.Fatal(err)
				}
			}
			add(t, s, fmt.Sprintf("172.16.%d.0/24", i))
		}
		if _, err := s.Whitelist(nil); err != nil {
			t.Fatal(err)
		}
		if n := openFiles(t) - before; n > 8 {
			t.Errorf("%d files are open, text of %d octets", n, len(text))
		}
	}
}

// openFiles is how many files this process has open.
func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
