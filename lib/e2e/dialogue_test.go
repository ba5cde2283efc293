package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/lib/smtptest"
)

// notHere are dialogues that want another client than this test can be.
var notHere = map[string]bool{
	"helo-lie-address": true, // it claims the server's address, which differs
}

// TestDialogues plays smtpd's dialogues with the built program, behind listen
// in each of its ways, all of one way side by side.
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(moduleRoot(t), "smtpd/testdata/dialogues/*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues (%v)", err)
	}
	for _, way := range [][]string{nil, {"-w", "2"}, {"-w", "2:20:50"}} {
		t.Run("listen "+strings.Join(way, " "), func(t *testing.T) {
			in := newInstance(t)
			addr := FreePort(t)
			in.start(program(t, "listen"), append(way, "-m", "1000", addr)...)
			accepts(t, addr)
			t.Run("all", func(t *testing.T) { // ends when all of them have
				for _, file := range files {
					playFile(t, file, addr)
				}
			})
		})
	}
}

// playFile plays a dialogue beside others.
func playFile(t *testing.T, file, addr string) {
	name := strings.TrimSuffix(filepath.Base(file), ".txt")
	t.Run(name, func(t *testing.T) {
		if notHere[name] {
			t.Skip("needs another client")
		}
		t.Parallel()
		text, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer text.Close()
		d, err := smtptest.Parse(file, text)
		if err != nil {
			t.Fatal(err)
		}
		conn := dialFrom(t, "127.0.0.2", addr) // who comes from the server's own address may claim its name
		if err := (smtptest.Player{Side: smtptest.Client}).Play(d, conn); err != nil {
			t.Error(err)
		}
	})
}
