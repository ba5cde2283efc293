package auth

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/lib/prog"
)

// script makes a program of a shell script.
func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "checker")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestProgram(t *testing.T) {
	checker := script(t, `read p; echo "hello $1 $p"; [ "$1/$p" = joe/secret ]`)
	for _, tt := range []struct {
		path, user, password string
		want                 error
		log                  string
	}{
		{checker, "joe", "secret", nil, "joe: hello joe (password)"},
		{checker, "joe", "wrong", ErrCredentials, "joe: hello joe (password)"},
		{checker, "joe", "", ErrCredentials, "joe: hello joe "},
		{checker, "-joe", "secret", ErrCredentials, ""},
		{checker, "joe", "sec\nret", ErrCredentials, ""},
		{script(t, `echo "sorry" >&2; exit 75`), "joe", "secret", ErrCredentials, "joe: sorry"},
		{script(t, `kill -9 $$`), "joe", "secret", ErrCredentials, ""},
		{script(t, `exec sleep 99`), "joe", "secret", ErrUnavailable, ""},
		{script(t, `[ "$#" = 1 ] && [ -z "$HOME" ] && [ "$A" = b ] && ! read x y && exit 1; exit 0`), "joe", "secret", nil, ""},
		{"/nowhere/checker", "joe", "secret", ErrCredentials, ""},
	} {
		log := ""
		p := NewProgram(ProgramOptions{Path: tt.path, Env: []string{"A=b", "PATH=/usr/bin:/bin"}, Limit: 2 * time.Second,
			Log: func(user, line string) { log += user + ": " + line }})
		user, err := exchange(t, p, Plain, Peer{}, []byte("\x00"+tt.user+"\x00"+tt.password))
		if !errors.Is(err, tt.want) || user != tt.user {
			t.Errorf("%s %q %q: %q, %v; want %v", tt.path, tt.user, tt.password, user, err, tt.want)
		}
		if strings.TrimRight(log, " ") != strings.TrimRight(tt.log, " ") {
			t.Errorf("%q %q: log %q, want %q", tt.user, tt.password, log, tt.log)
		}
	}
}

// A machine that has nothing left to start a program with says nothing of the
// password.
func TestProgramCannotStart(t *testing.T) {
	p := NewProgram(ProgramOptions{Path: "/checker"})
	for errno, want := range map[syscall.Errno]error{
		syscall.EAGAIN: ErrUnavailable, syscall.ENOMEM: ErrUnavailable, syscall.EMFILE: ErrUnavailable,
		syscall.ENFILE: ErrUnavailable, syscall.ENOENT: ErrCredentials,
	} {
		err := p.judge(prog.Result{}, &os.PathError{Op: "fork/exec", Path: "/checker", Err: errno})
		if !errors.Is(err, want) || errors.Is(err, ErrCredentials) != (want == ErrCredentials) {
			t.Errorf("%v: %v, want %v", errno, err, want)
		}
	}
}

func TestProgramArguments(t *testing.T) {
	p := NewProgram(ProgramOptions{Path: script(t, `[ "$*" = "-k /etc joe" ]`), Args: []string{"-k", "/etc"}})
	for range 2 {
		if _, err := exchange(t, p, Login, Peer{}, nil, []byte("joe"), []byte("x")); err != nil {
			t.Error(err)
		}
	}
}
