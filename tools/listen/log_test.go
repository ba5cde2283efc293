package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/lib/maillog"
)

func TestFloodDoesNotFillLog(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(1000, 0)
	j := openJournal(&config{flags: new(flags)}, &b, false)
	j.now = func() time.Time { return now }
	for range 1000 {
		j.seldom(aboutRefusals, maillog.Warning, "refused", "client_address", "192.0.2.1")
	}
	j.seldom(aboutAccept, maillog.Err, "error", "error", "of another kind")
	now = now.Add(logPause)
	j.seldom(aboutRefusals, maillog.Warning, "refused", "client_address", "192.0.2.2")
	want := "event=refused client_address=192.0.2.1\n" +
		"event=error error=\"of another kind\"\n" +
		"event=refused client_address=192.0.2.2 left_out=999\n"
	if b.String() != want {
		t.Errorf("the log is\n%s, want\n%s", &b, want)
	}
}

func TestEnvironment(t *testing.T) {
	got := environment([]string{"HOME=/root", "PATH=/bin", "POSTERN_ROOT=/x", "POSTERN_PEER=forged", "POSTERN_WORKER=1:1",
		"POSTERN_DETACHED=1", "LISTEN_FDS=1", "NOTIFY_SOCKET=/x", "GOGC=50", "LD_PRELOAD=x", "TZ=UTC", "PATHS=x", "="})
	want := []string{"PATH=/bin", "POSTERN_ROOT=/x", "GOGC=50", "TZ=UTC"}
	if !slices.Equal(got, want) {
		t.Errorf("programs inherit %q, want %q", got, want)
	}
	if got := environment(nil); len(got) != 1 || !strings.HasPrefix(got[0], "PATH=") {
		t.Errorf("programs inherit %q, want a PATH", got)
	}
	if got := oneProcessor([]string{"GOMAXPROCS=4"}); len(got) != 1 {
		t.Errorf("GOMAXPROCS is said twice: %q", got)
	}
}
