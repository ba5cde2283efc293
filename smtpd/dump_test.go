package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dumped is an instance with -s and a folder for copies.
func dumped(t *testing.T, list string, lines ...string) *instance {
	t.Helper()
	in := listed(t, map[string]string{"blocked": list}, lines...).withFlags(t, "-s")
	if err := os.MkdirAll(in.conf.guard.dumpDir, 0o700); err != nil {
		t.Fatal(err)
	}
	return in
}

func dumps(t *testing.T, in *instance) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(in.root, "var/spool/postern/dump/*/*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// -s: a blocked message is taken, refused, and kept.
func TestDump(t *testing.T) {
	for _, tt := range []struct {
		list, dialogue string
		kept           int
	}{
		{"block 192.0.2.7\n", "C: DATA\nS: 354 *\nC: Subject: x\nC: \nC: ..\nC: .\nS: 554 5.7.1 *\n", 1},
		{"delay 192.0.2.7\n", "C: DATA\nS: 354 *\nC: Subject: x\nC: \nC: ..\nC: .\nS: 450 4.3.0 *\n", 1},
		{"block 192.0.2.7\n", "C: BDAT 12\nC: Subject: x\nS: 250 *\nC: BDAT 5 LAST\nC: \nC: .\nS: 554 5.7.1 *\n", 1},
		{"deny 192.0.2.7\n", "C: DATA\nS: 554-...\nS: 554 *\n", 0},
		{"", "C: DATA\nS: 354 *\nC: Subject: x\nC: \nC: ..\nC: .\nS: 250 *\n", 0},
	} {
		in := dumped(t, tt.list)
		talk(t, in, stranger, toBob+tt.dialogue+"C: NOOP\nS: 250 *\nC: QUIT\nS: 221 *\n")
		names := dumps(t, in)
		if len(names) != tt.kept {
			t.Errorf("%q: %d copies, want %d", tt.dialogue, len(names), tt.kept)
		}
		for _, name := range names {
			text, _ := os.ReadFile(name)
			head, body, _ := strings.Cut(string(text), "\n\n")
			if !strings.HasPrefix(head, "Return-Path: <a@client.example>\nX-Original-To: bob@mx.test\nReceived: ") || body != ".\n" {
				t.Errorf("a copy is %q", text)
			}
			if id := filepath.Base(name); !strings.Contains(in.log.String(), "id="+id+" ") {
				t.Errorf("%s is not in the log", id)
			}
		}
		if box := in.mailbox(t, "bob"); (len(box) == 1) != (tt.list == "") {
			t.Errorf("%q: the mailbox has %q", tt.list, box)
		}
	}
}

// What breaks the protocol is not blocked, and not kept.
func TestNoDumpOfBrokenText(t *testing.T) {
	in := dumped(t, "")
	talk(t, in, stranger, toBob+"C: DATA\nS: 354 *\nC: a\\rb\nC: .\nS: 554 5.6.0 *\nC: QUIT\nS: 221 *\n")
	if names := dumps(t, in); len(names) != 0 {
		t.Errorf("copies: %q", names)
	}
}

// What the mailer refuses is blocked too.
func TestDumpOfMailer(t *testing.T) {
	mailer := filepath.Join(t.TempDir(), "mailer")
	executable(t, mailer, "#!/bin/sh\ncat >/dev/null\nexit 77\n")
	in := dumped(t, "", "Mailer "+mailer)
	talk(t, in, stranger, toBob+"C: DATA\nS: 354 *\nC: Subject: x\nC: .\nS: 550 5.7.1 *\nC: QUIT\nS: 221 *\n")
	if names := dumps(t, in); len(names) != 1 {
		t.Errorf("copies: %q", names)
	}
}

func TestDumpIsBounded(t *testing.T) {
	in := dumped(t, "block 192.0.2.7\n", "MaxDumps 2")
	big := toBob + "C: DATA\nS: 354 *\nC: \\{25000 fifty octets in each of many lines of a big message}\nC: .\nS: 554 5.7.1 *\nC: QUIT\nS: 221 *\n"
	for range 3 {
		talk(t, in, stranger, big)
	}
	names := dumps(t, in)
	for _, name := range names {
		if fi, err := os.Stat(name); err != nil || fi.Size() != maxDump {
			t.Errorf("a copy of %d octets, want %d", fi.Size(), maxDump)
		}
	}
	if log := in.log.String(); len(names) != 2 || !strings.Contains(log, "holds 2 already") {
		t.Errorf("%d copies, want 2; the log has %s", len(names), log)
	}
}

// Without the folder the message is refused as ever.
func TestDumpWithoutFolder(t *testing.T) {
	in := dumped(t, "block 192.0.2.7\n")
	os.Remove(in.conf.guard.dumpDir)
	talk(t, in, stranger, toBob+"C: DATA\nS: 354 *\nC: x\nC: .\nS: 554 5.7.1 *\nC: QUIT\nS: 221 *\n")
	if log := in.log.String(); !strings.Contains(log, "no copy of a blocked message") {
		t.Errorf("the log has %s", log)
	}
}

func TestMakeRoom(t *testing.T) {
	day := filepath.Join(t.TempDir(), "day")
	for i, want := range []bool{true, true, true, false} {
		if err := makeRoom(day, 2); (err == nil) != want {
			t.Errorf("call %d: %v", i, err)
		}
		if i > 0 {
			write(t, filepath.Join(day, fmt.Sprint(i)), nil)
		}
	}
}
