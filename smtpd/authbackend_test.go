package main

import (
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/auth"
)

func TestNoBackend(t *testing.T) {
	for _, lines := range [][]string{nil, {"Users users", "SASL 0"}} {
		rw, _ := newInstance(t, lines...).session(t, stranger, false)
		say(t, rw, plainRight, "502 5.5.1 ")
	}
}

func TestFaultsOfOurs(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear")
	if err := os.Remove(in.conf.auth.users); err != nil {
		t.Fatal(err)
	}
	rw, _ := in.session(t, stranger, false)
	say(t, rw, plainRight, "454 4.7.0 ")
	if !strings.Contains(in.log.String(), "verdict=defer check=auth client_address=192.0.2.7 sasl_method=PLAIN") {
		t.Errorf("the log is %s", in.log)
	}
}

func TestAuthProgram(t *testing.T) {
	checker := filepath.Join(t.TempDir(), "checker")
	if err := os.WriteFile(checker, []byte("#!/bin/sh\nread p; echo checked\n[ \"$1/$p\" = joe/geheim ]\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	in := newInstance(t, "SMTP-auth-pipe "+checker, "AuthPlainClear", "AuthDelay 0")
	rw, _ := in.session(t, stranger, false)
	joe := func(password string) string {
		return "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00joe\x00"+password))
	}
	say(t, rw, joe("secret"), "535")
	say(t, rw, joe("geheim"), "235")
	if !strings.Contains(in.log.String(), "check=auth sasl_username=joe reason=\""+checker+": checked\"") {
		t.Errorf("the log is %s", in.log)
	}
}

// A machine on which all places are taken lets nobody in for now.
func TestNoSlot(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear")
	take := in.slots("auth", 1)
	release, err := take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := take(t.Context()); err != auth.ErrBusy {
		t.Errorf("a second place of one: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := take(over); err != auth.ErrBusy {
		t.Errorf("when the wait is over while the places are looked at: %v", err)
	}
	release()
	if release, err = take(t.Context()); err != nil {
		t.Fatal(err)
	}
	release()
}
