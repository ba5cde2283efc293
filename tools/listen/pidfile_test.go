package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestPIDFile(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "pid")
	port := freePort(t)
	args := with(program(t, "as-echo"), "-I", file, "127.0.0.1:"+port)
	write(t, root, "pid", "1\n") // of a process that has ended without removing it
	first := start(t, root, args...)
	first.addr(1)
	if got, want := readPID(file), first.cmd.Process.Pid; got != want {
		t.Errorf("the file says %d, want %d", got, want)
	}
	second := start(t, root, args...)
	if err := second.ends(); err == nil || err.Error() != "exit status 73" {
		t.Errorf("%v, want exit status 73", err)
	}
	session, _ := greeting(t, first.addr(1))
	third := start(t, root, append([]string{"-k"}, args...)...)
	third.addr(1)
	greeting(t, third.addr(1))
	say(t, session, "still here")
	session.Close()
	if err := first.ends(); err != nil {
		t.Error(err)
	}
	if got, want := readPID(file), third.cmd.Process.Pid; got != want {
		t.Errorf("the file says %d, want %d", got, want)
	}
	third.signal(syscall.SIGTERM)
	until(t, "end of the file", func() bool {
		_, err := os.Lstat(file)
		return os.IsNotExist(err)
	})
}

func TestDetach(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "pid")
	port := freePort(t)
	args := with(program(t, "as-echo"), "-D", "-I", file, "127.0.0.1:"+port)
	d := start(t, root, args...)
	if err := d.ends(); err != nil {
		t.Fatal(err)
	}
	pid := readPID(file)
	if pid <= 1 || pid == d.cmd.Process.Pid {
		t.Fatalf("the file says %d", pid)
	}
	defer syscall.Kill(pid, syscall.SIGTERM)
	c, _ := greeting(t, "127.0.0.1:"+port)
	c.Close()
	second := start(t, root, args...)
	if err := second.ends(); err == nil || err.Error() != "exit status 73" {
		t.Errorf("%v, want exit status 73", err)
	}
}
