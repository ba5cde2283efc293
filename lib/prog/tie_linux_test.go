package prog

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// tiedHelper tells the test binary to be the process that is killed.
const tiedHelper = "PROG_TIED_HELPER"

// A command that is tied to us does not outlive us.
func TestTied(t *testing.T) {
	command := Command{Path: "/bin/sh", Args: []string{"-c", "echo started; exec sleep 1000"}, Stdout: os.Stdout, Tied: true}
	if os.Getenv(tiedHelper) != "" {
		Run(context.Background(), command)
		return
	}
	helper := exec.Command(os.Args[0], "-test.run=^TestTied$")
	helper.Env = append(os.Environ(), tiedHelper+"=1")
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	helper.Stdout = in
	if err := helper.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	r := bufio.NewReader(out)
	if line, err := r.ReadString('\n'); line != "started\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	helper.Process.Signal(syscall.SIGKILL)
	helper.Wait()
	out.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.ReadAll(r); err != nil {
		t.Errorf("the command lives on: %v", err)
	}
}

// The threads of those who start other commands, and end, do not take one with
// them.
func TestTiedOutlivesThreads(t *testing.T) {
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	ended := make(chan Result)
	go func() {
		r, _ := Run(context.Background(), Command{Path: "/bin/cat", Stdin: out, Tied: true})
		ended <- r
	}()
	for range 20 {
		done := make(chan bool)
		go func() {
			runtime.LockOSThread() // and never unlocked, so that the thread ends
			close(done)
		}()
		<-done
	}
	io.WriteString(in, "alive")
	in.Close()
	if r := <-ended; r.Signal != 0 || string(r.Output) != "alive" {
		t.Errorf("got %+v", r)
	}
}
