package main

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/lib/record"
)

// occupy listens on a port.
func occupy(t *testing.T, port int) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWrap(t *testing.T) {
	tests := []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"one two three", 7, []string{"one two", "three"}},
		{"incomprehensible at", 5, []string{"incomprehensible", "at"}},
	}
	for _, test := range tests {
		if got := wrap(test.text, test.width); !slices.Equal(got, test.want) {
			t.Errorf("wrap(%q, %d): got %q, want %q", test.text, test.width, got, test.want)
		}
	}
}

func TestQuote(t *testing.T) {
	for text, want := range map[string]string{
		"/tmp/a-b_1.c": "/tmp/a-b_1.c",
		"/tmp/a b":     "'/tmp/a b'",
		"it's":         `'it'\''s'`,
		"$(rm)":        "'$(rm)'",
	} {
		if got := quote(text); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestSession(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 30, 0, 0, time.UTC)
	tests := []struct {
		name, line string
		want       []string
	}{
		{"message", `id=7 verdict=accept reply="250 2.0.0 ok" sender="" recipient=you@demo.test size=5`,
			[]string{"12:30:00  accept  <> to you@demo.test", "reply  250 2.0.0 ok", "id=7 sender=\"\""}},
		{"no message", "id=7 verdict=none client_address=192.0.2.1", []string{"none  no message from 192.0.2.1"}},
		{"another line", "event=refused client_address=192.0.2.1", []string{"12:30:00  event=refused client_address=192.0.2.1"}},
		{"no record", "panic: what", []string{"12:30:00  panic: what"}},
		{"hostile", `id=7 verdict=reject sender="\x1b[2J" helo_name="\x1b]0;" reason="a\nb\u202e"`, []string{"reject", `a\nb\u202e`}},
		{"hostile and no record", "\x1b[2J", []string{`\x1b[2J`}},
	}
	for _, test := range tests {
		var out strings.Builder
		newScreen(&out).session(now, test.line)
		for _, want := range test.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in:\n%s", test.name, want, out.String())
			}
		}
		if strings.ContainsAny(out.String(), "\x1b\u202e") {
			t.Errorf("%s: control characters in %q", test.name, out.String())
		}
	}
}

func TestPaint(t *testing.T) {
	s := &screen{colours: true}
	if got := s.paint(red, "no"); got != "\x1b[31mno\x1b[0m" {
		t.Errorf("got %q", got)
	}
	s.colours = false
	if got := s.paint(red, "no"); got != "no" {
		t.Errorf("got %q", got)
	}
}

// The values of a record stand in one column, behind a blank, however long the
// names are.
func TestAttributes(t *testing.T) {
	r, err := record.ParseLine([]byte("helo_name=b encryption_server_name=mx.demo.test id=c"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	newScreen(&b).attributes(r)
	want := "  helo_name               b\n  encryption_server_name  mx.demo.test\n  id                      c\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", &b, want)
	}
}
