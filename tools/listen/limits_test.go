package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTooManyOfOneClient(t *testing.T) {
	d := start(t, t.TempDir(), with(program(t, "as-echo"), "-m", "2", "127.0.0.1:0")...)
	first := dial(t, d.addr(1))
	firstLine(t, first)
	firstLine(t, dial(t, d.addr(1)))
	third := dial(t, d.addr(1))
	fmt.Fprint(third, "EHLO early.example\r\n") // must not cost it the reply
	want := "450-4.7.0 Come again later\r\n" +
		"450 4.7.0 Too many simultaneous connections from same IP address (3 max 2)\r\n"
	if got := all(t, third); got != want {
		t.Errorf("the third is told %q, want %q", got, want)
	}
	for i := 4; i <= 8; i++ {
		if got := all(t, dial(t, d.addr(1))); got != want {
			t.Errorf("number %d is told %q, want %q", i, got, want)
		}
	}
	if got := all(t, dial(t, d.addr(1))); got != "" {
		t.Errorf("the ninth is told %q, want silence", got)
	}
	if got := firstLine(t, dialFrom(t, "127.0.0.2", d.addr(1))); !strings.HasPrefix(got, "hello") {
		t.Errorf("another client is told %q", got)
	}
	d.logged("refused", 1)
	first.Close()
	until(t, "place again", func() bool {
		got, _ := io.ReadAll(io.LimitReader(dial(t, d.addr(1)), 5))
		return string(got) == "hello"
	})
}

// dialFrom connects from another address of this host.
func dialFrom(t testing.TB, from, addr string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: waitTime}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Skipf("no connection from %s: %v", from, err) // only Linux has all of 127/8
	}
	c.SetDeadline(time.Now().Add(waitTime))
	t.Cleanup(func() { c.Close() })
	return c
}

func TestTooManyAtAll(t *testing.T) {
	for _, workers := range []string{"0", "1:0:2"} {
		t.Run("-w "+workers, func(t *testing.T) {
			kind := "as-echo"
			if workers != "0" {
				kind = "as-worker"
			}
			d := start(t, t.TempDir(), with(program(t, kind), "-c", "2", "-w", workers, "127.0.0.1:0")...)
			first := dial(t, d.addr(1))
			firstLine(t, first)
			firstLine(t, dialFrom(t, "127.0.0.2", d.addr(1)))
			want := "450 4.7.0 Too many simultaneous connections to this server (3 max 2)\r\n"
			if got := all(t, dialFrom(t, "127.0.0.3", d.addr(1))); got != want {
				t.Errorf("the third is told %q, want %q", got, want)
			}
			first.Close()
			until(t, "place again", func() bool {
				got, _ := io.ReadAll(io.LimitReader(dial(t, d.addr(1)), 5))
				return string(got) == "hello"
			})
		})
	}
}

// TestLoadRefuses asks the server itself, whose load can be chosen.
func TestLoadRefuses(t *testing.T) {
	f, err := parseFlags(append([]string{"-L", "10"}, program(t, "as-echo")...))
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := loadConfig(f, noPlaces(t))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(c, openJournal(c, io.Discard, false), -1)
	key := keyOf(localhost)
	for _, tt := range []struct {
		load int
		want verdict
	}{{10, admit}, {11, overloaded}, {500, overloaded}, {0, admit}} {
		s.load = loadMeter{ask: func() (int, error) { return tt.load, nil }}
		if got := s.judge(key); got != tt.want {
			t.Errorf("with load %d: %v, want %v", tt.load, got, tt.want)
		}
	}
	if got := s.reply(overloaded, key).String(); !strings.HasPrefix(got, "421 4.3.2 Sorry, the system is too loaded") {
		t.Errorf("the reply is %q", got)
	}
}

// A program that is taken away under listen.
func TestNoProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	d := start(t, t.TempDir(), "127.0.0.1:0", "--", program)
	addr := d.addr(1)
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	if got := all(t, dial(t, addr)); got != "421 4.3.2 Service not available, try again later\r\n" {
		t.Errorf("the client is told %q", got)
	}
	if r := d.logged("error", 1); !strings.Contains(r.Value("error"), program) {
		t.Errorf("the log says %s", r.String())
	}
}
