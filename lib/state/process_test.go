package state

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// roleEnv makes the test binary a process that uses the store in os.Args[1].
const roleEnv = "STATE_TEST_ROLE"

func TestMain(m *testing.M) {
	role := os.Getenv(roleEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role, Open(os.Args[1]), os.Args[2]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// many is how many processes use one store at once.
const many = 200

// crew is processes that play a role.
type crew struct {
	cmds  []*exec.Cmd
	lines chan string // what all of them print
	done  chan struct{}
}

// start starts n processes and lets them go at the same time.
func start(t *testing.T, role, dir string, n int) *crew {
	t.Helper()
	barrier, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &crew{lines: make(chan string, 20*n), done: make(chan struct{})}
	t.Cleanup(c.kill)
	for i := range n {
		cmd := exec.Command(os.Args[0], dir, strconv.Itoa(i))
		cmd.Env = append(os.Environ(), roleEnv+"="+role, "GOMAXPROCS=1")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = barrier, in, in
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		c.cmds = append(c.cmds, cmd)
	}
	barrier.Close()
	in.Close()
	go c.read(out)
	release.Close()
	return c
}

func (c *crew) read(out *os.File) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		c.lines <- lines.Text()
	}
	out.Close()
	close(c.lines)
}

func (c *crew) kill() {
	for _, cmd := range c.cmds {
		cmd.Process.Kill()
		cmd.Wait()
	}
	c.cmds = nil
}

// tally waits for all processes and counts what they printed.
func (c *crew) tally(t *testing.T) map[string]int {
	t.Helper()
	got := make(map[string]int)
	for line := range c.lines {
		got[line]++
		if strings.HasPrefix(line, "error") {
			t.Error(line)
		}
	}
	return got
}

// sweeping sweeps until the returned function is called.
func sweeping(t *testing.T, s *Store) func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		var err error
		for ctx.Err() == nil && err == nil {
			_, err = s.Sweep(ctx, time.Now())
		}
		done <- err
	}()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error("Sweep:", err)
		}
	}
}

func TestManyProcessesHoldSlots(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir)
	stop := sweeping(t, s)
	c := start(t, "hold", dir, many)
	got := make(map[string]int)
	for range many {
		got[<-c.lines]++
	}
	stop()
	if got["held"] != 50 || got["full"] != many-50 {
		t.Errorf("%v, want 50 held", got)
	}
	if _, err := s.Slot(context.Background(), "k", 50); !errors.Is(err, ErrFull) {
		t.Errorf("one more = %v, want %v", err, ErrFull)
	}
	c.kill()
	for i := range 50 {
		if _, err := s.Slot(context.Background(), "k", 50); err != nil {
			t.Fatalf("%d slots were freed by kill: %v", i, err)
		}
	}
}

func TestManyProcessesAlone(t *testing.T) {
	dir := t.TempDir() + "/store"
	stop := sweeping(t, Open(dir))
	got := start(t, "alone", dir, many).tally(t)
	stop()
	if got["inside"] == 0 {
		t.Errorf("nobody was inside: %v", got)
	}
}

func TestManyProcessesTake(t *testing.T) {
	dir := t.TempDir()
	stop := sweeping(t, Open(dir))
	got := start(t, "take", dir, many).tally(t)
	stop()
	if got["took"] != 500 {
		t.Errorf("%d were taken of 500", got["took"])
	}
}

func TestManyProcessesCache(t *testing.T) {
	dir := t.TempDir()
	stop := sweeping(t, Open(dir))
	got := start(t, "cache", dir, many).tally(t)
	stop()
	if got["hit"] < many {
		t.Errorf("%d of %d found a value", got["hit"], 10*many)
	}
}
