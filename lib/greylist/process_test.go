package greylist

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// roleEnv makes the test binary a process that uses the store in os.Args[1].
const roleEnv = "GREYLIST_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	fmt.Scanln() // until all are there
	c := NewConfig()
	c.Dir = os.Args[1]
	if err := play(role, Open(c)); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// play is what one of many processes does.
func play(role string, s *Store) error {
	switch role {
	case "meet":
		d, err := s.Check(query("198.51.100.7", "bob@example.org"), time.Now())
		fmt.Println(d.State)
		return err
	case "all":
		return playAll(s)
	}
	return fmt.Errorf("no role %q", role)
}

// playAll lets clients come and pass, each twice, among those of the other
// processes.
func playAll(s *Store) error {
	for i := range 20 {
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

// many is how many processes use one store at once.
const many = 200

// crowd starts n processes, lets them go at the same time, and counts the lines
// that they print.
func crowd(t *testing.T, role, dir string, n int) map[string]int {
	t.Helper()
	barrier, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmds := make([]*exec.Cmd, n)
	for i := range cmds {
		cmds[i] = exec.Command(os.Args[0], dir)
		cmds[i].Env = append(os.Environ(), roleEnv+"="+role, "GOMAXPROCS=1")
		cmds[i].Stdin, cmds[i].Stdout, cmds[i].Stderr = barrier, in, in
		if err := cmds[i].Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { cmds[i].Process.Kill(); cmds[i].Wait() })
	}
	barrier.Close()
	in.Close()
	release.Close()
	got := make(map[string]int)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		got[lines.Text()]++
		if strings.HasPrefix(lines.Text(), "error") {
			t.Error(lines.Text())
		}
	}
	return got
}

// TestManyProcesses: of 200 that meet a client at the same moment one makes its
// entry, and one puts it on the whitelist.
func TestManyProcesses(t *testing.T) {
	s := testStore(t)
	got := crowd(t, "meet", s.Dir, many)
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
	got = crowd(t, "meet", s.Dir, many)
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
	got := crowd(t, "all", s.Dir, many/4)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Expire: %v", err)
	}
	if got["new"] != many/4*20 || got["pass"] != many/4*20 {
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
