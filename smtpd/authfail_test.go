package main

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/lib/record"
)

func TestGuessDelay(t *testing.T) {
	for n, want := range []time.Duration{1: 1, 2: 2, 3: 4, 4: 8, 5: 15, 6: 15, 100: 15} {
		if got := guessDelay(time.Second, n); n > 0 && want > 0 && got != want*time.Second {
			t.Errorf("after %d failures %v, want %v s", n, got, int(want))
		}
	}
	if got := guessDelay(0, 7); got != 0 {
		t.Errorf("without a delay: %v", got)
	}
}

func TestGuessIsSlow(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear")
	in.conf.auth.delay = 3 * time.Second
	var slept []time.Duration
	in.sleep = func(_ *session, d time.Duration) bool { slept = append(slept, d); return true }
	rw, _ := in.session(t, stranger, false)
	say(t, rw, plainWrong, "535")
	say(t, rw, plainWrong, "535")
	say(t, rw, plainRight, "235")
	if fmt.Sprint(slept) != "[3s 6s]" {
		t.Errorf("waits are %v, want 3s and 6s", slept)
	}
}

// Guesses are counted by address, over sessions and processes.
func TestGuessesFromAddress(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear", "AuthFailRate 3 2")
	for range 2 {
		rw, _ := in.session(t, stranger, false)
		say(t, rw, plainWrong, "535")
		say(t, rw, "QUIT", "221")
	}
	rw, _ := in.session(t, stranger, false)
	say(t, rw, plainRight, "454 4.7.0 ")
	rw, _ = in.session(t, from("192.0.2.8"), false)
	say(t, rw, plainRight, "235")
	in.now = func() time.Time { return time.Now().Add(time.Hour) }
	rw, _ = in.session(t, stranger, false)
	say(t, rw, plainRight, "235")
}

// The line of a failure has one form, which names of users cannot break.
func TestFailureLine(t *testing.T) {
	in := newAuthInstance(t, "AuthPlainClear", "AuthFailures 9")
	rw, _ := in.session(t, stranger, false)
	name := "x client_address=203.0.113.9 \""
	say(t, rw, "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00"+name+"\x00y")), "535")
	for line := range strings.Lines(in.log.String()) {
		if !strings.Contains(line, "verdict=reject check=auth") {
			continue
		}
		r, err := record.ParseLine([]byte(line))
		if err != nil || r.Value("sasl_username") != name || r.Value("client_address") != "192.0.2.7" || r.Value("reason") != "bad credentials" {
			t.Errorf("%s: %v", line, err)
		}
		return
	}
	t.Errorf("no line in %s", in.log)
}
