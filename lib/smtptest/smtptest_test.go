package smtptest

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

// echo is a server that answers each line with it.
func echo(c net.Conn) {
	io.WriteString(c, "220 echo ready\r\n")
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		io.WriteString(c, "250-a\r\n250-b\r\n250 2.0.0 "+strings.ReplaceAll(lines.Text(), "\x00", "NUL")+"\r\n")
	}
}

func TestRun(t *testing.T) {
	const text = `
# a comment
S: 220 * ready
C: one \x00 \{3 ab}
S: 250-...
S: 250 2.0.0 *NUL ababab
C- t
C- wo\r\n
S: 250-a
S: 250-b
S: 250 * two
C: <end>
S: <end>
`
	Run(t, "echo", text, Player{}, echo)
}

func TestPlayErrors(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"another line", "S: 220 * busy\n", `x:1: got "220 echo ready", want "220 * busy"`},
		{"no end", "# x\nS: 220*\nC: a\nS: <end>", `x:4: got "250-a", want the end`},
		{"early end", "S: 220*\nC: <end>\nS: 250 a", `x:3: got EOF, want "250 a"`},
	}
	for _, tt := range tests {
		d, err := Parse("x", strings.NewReader(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		client, server := Pair(t)
		go func() { echo(server); server.Close() }()
		err = Player{Side: Client}.Play(d, client)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"S: 220\nX: a": `x:2: neither C: nor S: nor a comment: "X: a"`,
		`C: \q`:        `x:1: unknown escape \q`,
		`C: \{3`:       `x:1: \{ without }`,
		`C: a\`:        `x:1: backslash at the end of a line`,
		`C: \x1`:       `x:1: \x wants two digits`,
	} {
		if _, err := Parse("x", strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestServe(t *testing.T) {
	addr := Serve(t, Player{}, "S: 220 hi\nC: HELO *\nS: 250 ok\nC: <end>\n", "S: 554 no\nS: <end>")
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(c, "HELO me\r\n")
	c.(*net.TCPConn).CloseWrite()
	if got, err := io.ReadAll(c); string(got) != "220 hi\r\n250 ok\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if c, err = net.Dial("tcp", addr); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); string(got) != "554 no\r\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, got string
		want         bool
	}{
		{"abc", "abc", true}, {"abc", "abcd", false}, {"a*", "a", true}, {"a*", "b", false},
		{"*", "", true}, {"a*b", "ab", true}, {"a*b", "a", false}, {"a*a", "a", false},
		{"a*c*e", "abcde", true}, {"a*c*e", "abde", false}, {`a\*`, "a*", true}, {`a\*`, "ab", false},
		{`\x2a*`, "*b", true},
	} {
		if got := match(tt.pattern, tt.got); got != tt.want {
			t.Errorf("match(%q, %q) = %v", tt.pattern, tt.got, got)
		}
	}
}

func TestCheckReplyLine(t *testing.T) {
	for line, want := range map[string]string{
		"250 2.1.5 ok":                    "",
		"250-SIZE 10":                     "",
		"220 host ESMTP":                  "",
		"550 5.1.1 no":                    "",
		"503 2.5.2 no":                    "503 2.5.2: the classes differ",
		"450 4.1.3 no":                    "450 4.1.3: only for class 5",
		"550 5.7.99 no":                   "550 5.7.99: not registered",
		"25 ok":                           `no reply line: "25 ok"`,
		"250 " + strings.Repeat("x", 507): "reply line of 513 octets",
	} {
		err := CheckReplyLine(line)
		if got := errText(err); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
