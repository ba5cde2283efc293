package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"postern/lib/netpath"
	"postern/lib/plot"
)

func TestRecorded(t *testing.T) {
	tests := []struct {
		line string
		want string // the end, and the hops with their round trips in microseconds
		err  string
	}{
		{`client_address=192.0.2.7`, "silent", ""},
		{`client_address=192.0.2.7 network_path="10.0.0.1 * fd09::1"`, "silent 10.0.0.1/0 * fd09::1/0", ""},
		{`client_address=192.0.2.7 network_hops=1`, "reached 192.0.2.7/0", ""},
		{`client_address=::ffff:192.0.2.7 network_hops=2 network_path=::ffff:10.0.0.1 network_path_rtt="1.5 20"`, "reached 10.0.0.1/1500 192.0.2.7/20000", ""},
		{`client_address=192.0.2.7 hops=1 network_hops=3 network_path=10.0.0.1 network_path_rtt=1`, "reached 10.0.0.1/1000 * 192.0.2.7/0", ""},
		{`client_address=192.0.2.7 hops=-2 network_hops=3 network_path=10.0.1.1 network_path_rtt="1 2"`, "reached * 10.0.1.1/1000 192.0.2.7/2000", ""},
		{`client_address=192.0.2.7 network_hops=3 network_path="10.0.0.1 *" network_path_rtt="-1 5 1e99 7"`, "reached 10.0.0.1/0 * 192.0.2.7/0", ""},
		{`client_address=192.0.2.7 network_hops=2 network_path="10.0.0.1" network_path_rtt="NaN x"`, "reached 10.0.0.1/0 192.0.2.7/0", ""},
		{`helo_name=x`, "", "no client_address"},
		{`client_address=x`, "", `client_address "x" is not an IP address`},
		{`client_address=192.0.2.7 network_path=gw`, "", `network_path: "gw" is not an IP address`},
		{`client_address=192.0.2.7 network_hops=1 network_path=10.0.0.1`, "", `network_hops "1" is no number, or none for 1 routers`},
		{`client_address=192.0.2.7 network_hops=x`, "", `network_hops "x" is no number`},
		{`client_address=192.0.2.7 network_hops=33`, "", `network_hops "33" is no number`},
		{`client_address=192.0.2.7 network_path="` + strings.Repeat("* ", 33) + `"`, "", "network_path has more than 32 routers"},
		{`client_address="`, "", "not a record"},
	}
	for _, tt := range tests {
		p, err := recorded([]byte(tt.line))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %q", tt.line, err, tt.err)
			}
			continue
		}
		if got := told(&p); err != nil || got != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.line, got, err, tt.want)
		}
	}
}

// told is what a record told.
func told(p *netpath.Path) string {
	words := []string{p.End.String()}
	for _, h := range p.Hops {
		word := h.String()
		if !h.Silent() {
			word += fmt.Sprintf("/%d", h.Answers[0].RTT.Microseconds())
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// TestFromRecords: what stands on standard input is drawn, or said to be wrong.
func TestFromRecords(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	t.Setenv("POSTERN_ROOT", t.TempDir())
	const one = "client_address=192.0.2.7 network_hops=2 network_path=10.0.0.1\n"
	const other = "client_address=192.0.2.8 network_hops=2 network_path=10.0.0.1\n"
	tests := []struct {
		name, stdin string
		status      int
		stdout      string
		stderr      string
	}{
		{"one", one, 0, "192.0.2.7: 2 hops\n 1 10.0.0.1\n 2 192.0.2.7\n", ""},
		{"two", one + other, 0, "o 192.0.2.7: 2 hops\nx 192.0.2.8: 2 hops\n 1 o    10.0.0.1\n   |-.\n 2 | x! 192.0.2.8\n 2 o  ! 192.0.2.7\n", ""},
		{"no path in it", "client_address=192.0.2.7\n", 0, "192.0.2.7: udp/33434 probes would be sent, to hops 1 to 32, 64 at most\n", ""},
		{"three", one + one + one, 65, "", "more than 2 records"},
		{"none", "", 65, "", "no record"},
		{"a wrong one", one + "x\n", 65, "", "line 2: "},
		{"a long one", "client_address=" + strings.Repeat("x", 300<<10), 65, "", "line 1: "},
	}
	for _, tt := range tests {
		status, stdout, stderr := call(t, tt.stdin, "-n", "--numeric", "--plot=text")
		if status != tt.status || stdout != tt.stdout || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%s: got %d, %q, %q; want %d, %q, %q", tt.name, status, stdout, stderr, tt.status, tt.stdout, tt.stderr)
		}
	}
}

// FuzzRecorded: whatever two records tell, the drawing has no line that is too
// long, nothing but printable ASCII, and is XML as a picture.
func FuzzRecorded(f *testing.F) {
	f.Add(`client_address=192.0.2.7 network_hops=3 network_path="10.0.0.1 *" network_path_rtt="1 * 3"`, `client_address=::1 network_path=fe80::1%x hops=-2 network_hops=9`, 40, -2)
	f.Add(`client_address=192.0.2.7 network_path=10.0.0.1`, `client_address=192.0.2.7 network_hops=2 network_path=10.0.0.1`, 20, 1)
	f.Fuzz(func(t *testing.T, one, other string, columns, hops int) {
		first, err := recorded([]byte(one))
		second, otherErr := recorded([]byte(other))
		if err != nil || otherErr != nil {
			return
		}
		screen := plot.Screen{Columns: min(max(columns, 20), 300)}
		d := newDrawing([]netpath.Path{first, second}, hops, nil)
		var b bytes.Buffer
		if err := d.text(&b, screen); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if utf8.RuneCountInString(line) > screen.Columns+1 || strings.ContainsFunc(line, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) {
				t.Errorf("in %d columns: %q", screen.Columns, line)
			}
		}
		elements(t, picture(t, d))
	})
}

// pointer answers a question for a name: gw.example (RFC 1035 4.1).
func pointer(question []byte) []byte {
	end := 12 + bytes.IndexByte(question[12:], 0) + 1 + 4
	b := append([]byte(nil), question[:end]...)
	b[2] |= 0x80                                                          // an answer
	copy(b[6:], []byte{0, 1, 0, 0, 0, 0})                                 // with one record
	b = append(b, 0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0, byte(len(name))) // PTR IN 60
	return append(b, name...)
}

// name is gw.example as messages have it.
const name = "\x02gw\x07example\x00"

// TestNamesAtOnce: all names are asked for before one of them is known.
func TestNamesAtOnce(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	const questions = 4
	go func() {
		var waiting [][]byte
		var from []net.Addr
		asked := make(map[string]bool)
		for len(asked) < questions {
			buf := make([]byte, 1500)
			n, addr, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			asked[string(buf[12:n])] = true
			waiting, from = append(waiting, buf[:n]), append(from, addr)
		}
		for i, b := range waiting {
			_, _ = server.WriteTo(pointer(b), from[i])
		}
	}()
	const in = `client_address=192.0.2.7 network_hops=4 network_path="10.0.0.1 10.0.1.1 10.0.2.1"` + "\n"
	status, stdout, stderr := call(t, in, "-n", "--plot=text", "-r", server.LocalAddr().String())
	if want := "192.0.2.7: 4 hops\n 1 10.0.0.1  gw.example\n 2 10.0.1.1  gw.example\n 3 10.0.2.1  gw.example\n 4 192.0.2.7 gw.example\n"; status != 0 || stdout != want {
		t.Errorf("got %d, %q, %q", status, stdout, stderr)
	}
}

// TestNamesAreNotWaitedFor: a name server that is silent keeps nothing back but
// names.
func TestNamesAreNotWaitedFor(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes the time limit of names")
	}
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	status, stdout, stderr := call(t, "client_address=192.0.2.7 network_path=10.0.0.1\n", "-n", "--plot=text", "-r", server.LocalAddr().String())
	if want := "192.0.2.7: 1 hop, no answer beyond\n 1 10.0.0.1\n   no answer beyond\n"; status != 0 || stdout != want || stderr != "" {
		t.Errorf("got %d, %q, %q", status, stdout, stderr)
	}
}

// TestIOFails: what cannot be read or written is said, with status 74.
func TestIOFails(t *testing.T) {
	const one = "client_address=192.0.2.7 network_path=10.0.0.1\n"
	for _, tt := range []struct {
		stdin  func() io.Reader
		stdout io.Writer
	}{
		{func() io.Reader { return iotest.ErrReader(errors.New("a disk fails")) }, io.Discard},
		{func() io.Reader { return strings.NewReader(one) }, brokenWriter{}},
	} {
		for _, form := range []string{"--plot=text", "--plot=svg"} {
			var stderr bytes.Buffer
			if status := run([]string{"-n", "--numeric", form}, tt.stdin(), tt.stdout, &stderr); status != 74 || !strings.Contains(stderr.String(), "a disk fails") {
				t.Errorf("%s: %d, %q", form, status, stderr.String())
			}
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("a disk fails") }
