package main

import (
	"bufio"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
)

// typed runs the program with somebody at a terminal who answers each
// question, and returns what there is to be seen.
func typed(t *testing.T, args []string, answers ...string) (status int, screen string) {
	t.Helper()
	person, program := e2e.Terminal(t)
	done := make(chan int, 1)
	go func() { done <- run(args, program, program, program) }()
	person.SetReadDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(person)
	for _, a := range answers {
		for !strings.HasSuffix(screen, ": ") {
			c, err := in.ReadByte()
			if err != nil {
				t.Fatalf("%q: %v", screen, err)
			}
			screen += string(c)
		}
		fmt.Fprintln(person, a)
		screen += "|"
	}
	status = <-done
	program.Close()
	for {
		c, err := in.ReadByte()
		if err != nil {
			return status, screen
		}
		screen += string(c)
	}
}

func TestTerminal(t *testing.T) {
	file := filepath.Join(t.TempDir(), "users")
	for _, tt := range []struct {
		args    []string
		answers []string
		status  int
		screen  string
	}{
		{[]string{"-f", file, "-s", "scram", "ann"}, []string{"secret", "secret"}, 0, "password: |\r\nonce more: |\r\n"},
		{[]string{"-f", file, "-s", "scram", "ann"}, []string{"secret", "other"}, 65, "password: |\r\nonce more: |\r\nusers: the two passwords differ\r\n"},
		{[]string{"-f", file, "-c", "ann"}, []string{"secret"}, 0, "password: |\r\n"},
		{[]string{"-f", file, "-c", "ann"}, []string{"wrong"}, 77, "password: |\r\nusers: bad credentials\r\n"},
	} {
		if status, screen := typed(t, tt.args, tt.answers...); status != tt.status || screen != tt.screen {
			t.Errorf("users %q: exit %d, %q; want %d, %q", tt.args, status, screen, tt.status, tt.screen)
		}
	}
}
