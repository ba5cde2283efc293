package greylist

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/crashtest"
)

func TestMain(m *testing.M) { crashtest.Main(m, play) }

// play is what one of many processes does, in the folder args[0].
func play(role string, args []string) error {
	c := NewConfig()
	c.Dir = args[0]
	s := Open(c)
	switch role {
	case "meet":
		d, err := s.Check(query("198.51.100.7", "bob@example.org"), time.Now())
		fmt.Println(d.State)
		return err
	case "all":
		return playAll(s)
	case "once":
		return playOnce(s)
	case "live":
		return playOn(s, args[1], args[2])
	case "sweep":
		return sweepOn(s)
	case "calls":
		return callsBetweenMarks(s)
	}
	return fmt.Errorf("no role %q", role)
}

// ofEach is how many clients each of the processes lets come.
const ofEach = 8

// playAll lets clients come and pass, each twice, among those of the other
// processes.
func playAll(s *Store) error {
	for i := range ofEach {
		q := query(fmt.Sprintf("%d.%d.%d.1", 11+i, os.Getpid()>>8&255, os.Getpid()&255), fmt.Sprintf("r%d@example.org", os.Getpid()))
		for _, at := range []time.Duration{0, time.Hour} {
			d, err := s.Check(q, noon.Add(at))
			if err != nil {
				return err
			}
			fmt.Println(d.State)
		}
	}
	return nil
}

// callsBetweenMarks asks about clients of each kind.
func callsBetweenMarks(s *Store) error {
	steps := []struct {
		name string
		q    *Query
	}{
		{"stranger", query("198.51.100.2", "bob@example.org")},
		{"early", query("198.51.100.2", "bob@example.org")},
		{"white", query("203.0.113.1", "bob@example.org")},
	}
	// Whatever strace does to the time between our clock and the kernel's.
	now := func() time.Time { return time.Now().Add(sameTime / 2) }
	// When all is open, and the folder of our address exists.
	if _, err := s.Check(query("198.51.100.1", "bob@example.org"), now()); err != nil {
		return err
	}
	for _, st := range steps {
		unix.Access(crashtest.Marks+st.name, 0)
		if _, err := s.Check(st.q, now()); err != nil {
			return err
		}
	}
	return nil
}

// many is how many processes use one store at once.
const many = 200

// TestManyProcesses: of 200 that meet a client at the same moment one makes its
// entry, and one puts it on the whitelist.
func TestManyProcesses(t *testing.T) {
	s := testStore(t)
	got := crashtest.Start(t, many, "meet", s.Dir).Tally(t)
	if got["new"] != 1 || got["early"] != many-1 {
		t.Errorf("first: %v, want 1 new", got)
	}
	if n, err := s.entries(); n != 1 || err != nil {
		t.Errorf("the count is %d, %v", n, err)
	}
	earlier := time.Now().Add(-time.Hour)
	if err := os.Chtimes(s.Dir+"/tmp/192.0.2.25/198.51.100.7/bob@example.org", earlier, earlier); err != nil {
		t.Fatal(err)
	}
	got = crashtest.Start(t, many, "meet", s.Dir).Tally(t)
	if got["pass"] == 0 || got["pass"]+got["white"] != many {
		t.Errorf("again: %v, want all to pass", got)
	}
	if n := strings.Count(readWhite(t, s), "\n"); n != 1 {
		t.Errorf("%d lines on the whitelist, want 1", n)
	}
}

// TestManyProcessesExpire: sweeping beside them takes nothing from them, and
// the index is right at the end.
func TestManyProcessesExpire(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, padding())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		var err error
		for ctx.Err() == nil && err == nil {
			_, err = s.Expire(context.Background(), noon)
		}
		done <- err
	}()
	got := crashtest.Start(t, many, "all", s.Dir).Tally(t)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Expire: %v", err)
	}
	if got["new"] != many*ofEach || got["pass"] != many*ofEach {
		t.Errorf("%v, want as many to pass as came", got)
	}
	list, err := s.Whitelist(nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		d, err := s.Look(&Query{Remote: list[i].Net.Addr()}, noon)
		if d.State != White || err != nil {
			t.Fatalf("%v is not found: %v", list[i].Net, err)
		}
	}
}

// TestManyGoroutines: one process serves many sessions at once.
func TestManyGoroutines(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, padding())
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			for i := range 20 {
				q := query(fmt.Sprintf("%d.%d.1.1", 11+g, i), "bob@example.org")
				q.Local = netip.AddrFrom4([4]byte{192, 0, 2, byte(i % 2)})
				for at, want := range []State{New, Pass} {
					if d, err := s.Check(q, noon.Add(time.Duration(at)*time.Hour)); d.State != want || err != nil {
						t.Errorf("%v: %v, %v; want %v", q.Remote, d.State, err, want)
					}
				}
				// It passes again if the list was busy when it was to be put there.
				if d, err := s.Check(q, noon.Add(2*time.Hour)); d.Deferred() || err != nil {
					t.Errorf("%v: %v, %v; want white", q.Remote, d.State, err)
				}
			}
		})
	}
	all.Wait()
	checkIndex(t, s)
}
