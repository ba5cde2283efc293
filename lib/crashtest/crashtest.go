// Package crashtest does to the processes of a test what a machine may do to
// them: many begin at the same moment, one is killed before a system call or at
// any time.
//
// The processes are the test binary itself, which plays a role of its package:
//
//	func TestMain(m *testing.M) { crashtest.Main(m, play) }
package crashtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// roleEnv makes the test binary a process that plays this role.
const roleEnv = "CRASHTEST_ROLE"

// Main runs the tests or, in a process that this package has started, a role
// with its arguments: those given, and the number of the process. What a role
// prints is what Lines gives; its error is printed as a line that begins with
// "error".
func Main(m *testing.M, play func(role string, args []string) error) {
	role := os.Getenv(roleEnv)
	if role == "" {
		os.Exit(m.Run())
	}
	io.Copy(io.Discard, os.Stdin) // ends when all are there
	runtime.LockOSThread()        // strace counts by thread
	if err := play(role, os.Args[1:]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// roleCommand is a process that will play a role.
func roleCommand(role, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role, "GOMAXPROCS=1")
	return cmd
}

// Crew is processes that play a role. Those that still run are killed when the
// test ends.
type Crew struct {
	Lines chan string // what all of them print, closed when all have ended
	cmds  []*exec.Cmd
}

// Start starts n processes and lets them go at the same time.
func Start(t testing.TB, n int, role string, args ...string) *Crew {
	t.Helper()
	barrier, release, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &Crew{Lines: make(chan string, 20*n)}
	t.Cleanup(c.Kill)
	for i := range n {
		cmd := roleCommand(role, os.Args[0], append(args, strconv.Itoa(i))...)
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

func (c *Crew) read(out *os.File) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		c.Lines <- lines.Text()
	}
	out.Close()
	close(c.Lines)
}

// Kill kills those that still run, and waits for them.
func (c *Crew) Kill() {
	for _, cmd := range c.cmds {
		cmd.Process.Kill()
		cmd.Wait()
	}
	c.cmds = nil
}

// Tally waits for all processes and counts what they print. An error of one, or
// its death, is the test's.
func (c *Crew) Tally(t testing.TB) map[string]int {
	t.Helper()
	got := make(map[string]int)
	for line := range c.Lines {
		got[line]++
		if strings.HasPrefix(line, "error") {
			t.Error(line)
		}
	}
	for _, cmd := range c.cmds {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	c.cmds = nil
	return got
}
