package greylist

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"postern/lib/crashtest"
)

// superfluousText is a whitelist of which Expire has to leave out a line.
func superfluousText() string { return padding() + "203.0.113.0/24 a\n203.0.113.0/24 b\n" }

// playOnce does everything once: a client comes, comes too early, comes again
// and is listed; a line is added; all is swept. It says what it has done.
func playOnce(s *Store) error {
	q := query("198.51.100.7", "bob@example.org")
	for _, at := range []time.Duration{0, time.Minute, time.Hour} {
		d, err := s.Check(q, noon.Add(at))
		if err != nil {
			return err
		}
		fmt.Println(d.State, q.Remote)
	}
	e, err := ParseSubject("192.0.2.1")
	if err != nil {
		return err
	}
	if err := s.Add(e); err != nil {
		return err
	}
	fmt.Println("pass 192.0.2.1")
	_, err = s.Expire(context.Background(), noon.Add(time.Hour))
	return err
}

// killedCalls are the system calls by which the lists are read and changed.
var killedCalls = []string{
	"mkdirat", "openat2", "newfstatat", "fstat", "flock", "write", "pwrite64", "pread64", "utimensat", "unlinkat",
	"fchmod", "fsync", "renameat", "ftruncate", "getdents64",
}

// TestKilledAnywhere: a process is killed before each of its system calls on the
// lists in turn. What it has said is so, and what is left is whole.
func TestKilledAnywhere(t *testing.T) {
	crashtest.NeedStrace(t)
	if testing.Short() {
		t.Skip("starts many processes")
	}
	for _, call := range killedCalls {
		t.Run(call, func(t *testing.T) {
			var s *Store
			crashtest.KillAtEach(t, call, "once", func(int) []string {
				s = testStore(t)
				writeWhite(t, s, superfluousText())
				return []string{s.Dir}
			}, func(n int, said string) {
				checkSaid(t, s, strings.Split(said, "\n"))
				checkWhole(t, s)
				if t.Failed() {
					t.Logf("killed at number %d; it said %q", n, said)
				}
			})
		})
	}
}

// checkSaid is that who has come has an entry or is on the whitelist, and who has
// passed passes again.
func checkSaid(t *testing.T, s *Store, lines []string) {
	t.Helper()
	for _, line := range lines {
		state, addr, _ := strings.Cut(line, " ")
		if state == "error:" {
			t.Error(line)
		}
		remote, err := netip.ParseAddr(addr)
		if err != nil {
			continue
		}
		d, err := Open(s.Config).Look(query(remote.String(), "bob@example.org"), noon.Add(time.Hour))
		if d.Deferred() || err != nil {
			t.Errorf("%q was said, and then: %v, %v", line, d.State, err)
		}
	}
}

// checkWhole is that the lists are whole, and can be used.
func checkWhole(t *testing.T, s *Store) {
	t.Helper()
	checkLines(t, s)
	checkIndex(t, Open(s.Config))
	checkAgree(t, s)
	again := Open(s.Config)
	if d, err := again.Check(query("100.64.0.1", "bob@example.org"), noon.Add(time.Hour)); d.State > Early || err != nil {
		t.Errorf("a client that comes then: %v, %v", d.State, err)
	}
	add(t, again, "100.65.0.0/16")
	checkSaid(t, s, []string{"pass 100.65.1.1"})
	x, err := again.Expire(context.Background(), noon.Add(time.Hour))
	if err != nil || x.Busy {
		t.Errorf("Expire: %+v, %v", x, err)
	}
	if n, err := again.entries(); n != int64(x.Kept) || err != nil {
		t.Errorf("the count is %d, %v; there are %d", n, err, x.Kept)
	}
	checkIndex(t, Open(s.Config))
}

// checkLines is that no line of the whitelist is half of one. Those that the
// programs have made tell how long it was until the client came again.
func checkLines(t *testing.T, s *Store) {
	t.Helper()
	text := readWhite(t, s)
	if !strings.HasSuffix(text, "\n") {
		t.Errorf("the last line has no end: %q", text[max(0, len(text)-100):])
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		e, err := ParseEntry(line)
		if err != nil && !errors.Is(err, errComment) {
			t.Errorf("line %q: %v", line, err)
		}
		if strings.Contains(line, "since") && (e.Delay != time.Hour || e.Since.IsZero() || e.String() != line) {
			t.Errorf("half a line: %q", line)
		}
	}
}

// checkIndex is that the index finds every line that is in force, and nobody
// who is not listed.
func checkIndex(t *testing.T, s *Store) {
	t.Helper()
	list, err := s.Whitelist(nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.look()
	if err != nil || v.index == nil {
		t.Fatalf("no index: %v", err)
	}
	for i := range list {
		q := query(list[i].Net.Addr().String(), "x@example.org")
		if _, ok, err := v.indexed(newWanted(q)); !ok || err != nil {
			t.Fatalf("%v is not found: %v", list[i].Net, err)
		}
		q = query("172.31."+fmt.Sprint(i>>8&255)+"."+fmt.Sprint(i&255), "x@example.org")
		if e, ok, err := v.indexed(newWanted(q)); ok || err != nil {
			t.Fatalf("%v is found as %v, %v", q.Remote, e, err)
		}
	}
}

// playOn lets clients come and pass until it is killed, and says so.
func playOn(s *Store, round, number string) error {
	for i := 0; ; i++ {
		q := query(fmt.Sprintf("2001:db8:%s%s:%x::1", round, number, i), "bob@example.org")
		for _, at := range []time.Duration{0, time.Hour} {
			d, err := s.Check(q, noon.Add(at))
			if err != nil {
				return err
			}
			fmt.Println(d.State, q.Remote)
		}
	}
}

// sweepOn sweeps until it is killed.
func sweepOn(s *Store) error {
	for {
		if _, err := s.Expire(context.Background(), noon); err != nil {
			return err
		}
	}
}

// TestKilledAtAnyTime: processes that use the lists, and two that sweep them, are
// killed at any time, again and again. What they have said is so, and what is
// left is whole.
func TestKilledAtAnyTime(t *testing.T) {
	rounds := 30
	if testing.Short() {
		rounds = 3
	}
	s := testStore(t)
	writeWhite(t, s, superfluousText())
	var said []string
	for round := range rounds {
		sweepers := crashtest.Start(t, 2, "sweep", s.Dir)
		c := crashtest.Start(t, 6, "live", s.Dir, fmt.Sprintf("%x", round))
		for range rand.IntN(300) {
			said = append(said, <-c.Lines)
		}
		sweepers.Kill()
		c.Kill()
		for line := range c.Lines {
			said = append(said, line)
		}
		for line := range sweepers.Lines {
			t.Error("sweeper:", line)
		}
	}
	t.Logf("%d decisions", len(said))
	checkSaid(t, s, said)
	checkWhole(t, s)
	if err := os.Remove(s.Dir + "/" + indexName); err != nil {
		t.Error(err)
	}
	checkWhole(t, s)
}
