package main

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Passwords are in no log and in no trace, whatever the client does.
func TestPasswordsAreNotTraced(t *testing.T) {
	in := newAuthInstance(t, "DebugSMTP", "AuthPlainClear")
	rw, _ := in.session(t, stranger, false)
	say(t, rw, plainWrong, "535")
	say(t, rw, "AUTH LOGIN", "334")
	say(t, rw, "YW5u", "334")
	say(t, rw, "d3Jvbmc=", "535")
	say(t, rw, " AUTH PLAIN AGFubgBzZWNyZXQ=", "500")
	say(t, rw, "AUTH PLAIN AGFubgBzZWNyZXQ= x", "501")
	say(t, rw, "AUTH AGFubgBzZWNyZXQ=", "504")
	say(t, rw, "AUTH GSSAPI", "504")
	say(t, rw, "c2VjcmV0", "500") // it did not wait
	say(t, rw, plainRight, "235")
	say(t, rw, "QUIT", "221")
	log := in.log.String()
	for _, secret := range []string{"AGFubgB", "d3Jvbmc", "c2VjcmV0", "YW5u", "secret", "wrong\\x00", "\\x00wrong"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log:\n%s", secret, log)
		}
	}
	for _, want := range []string{"< AUTH PLAIN (not shown)", "< AUTH LOGIN\n", "< (not shown)", "> 334 UGFzc3dvcmQ6"} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in the log:\n%s", want, log)
		}
	}
}

// TestSessionLogNobodyReads: a FIFO that nobody reads keeps no session.
func TestSessionLogNobodyReads(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	in := newInstance(t, "SessionLog "+fifo)
	rw, _ := in.session(t, stranger, false)
	say(t, rw, "QUIT", "221")
	if log := in.log.String(); !strings.Contains(log, "session log") {
		t.Errorf("the log does not say so:\n%s", log)
	}
}
