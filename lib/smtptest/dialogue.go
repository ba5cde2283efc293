// Package smtptest plays SMTP dialogues that are written down in files, on
// the client's side against a server or on the server's side against a
// client. It is for tests only.
//
// A dialogue is made of lines:
//
//	# a comment
//	S: 220 * ESMTP          the server says this; * stands for anything
//	C: EHLO client.example  the client says this, and CRLF
//	S: 250-...              any number of lines that begin with 250-
//	S: 250 HELP
//	C- MAIL FROM            the client says this, without CRLF
//	C: <end>                the client says no more
//	S: <end>                the server hangs up
//	TLS                     both begin a TLS handshake
//
// Lines of one side that follow one another go out in one write. In a line
// \r \n \t \\ \* and \xNN are single octets, and \{1000 ab} is ab a thousand
// times.
package smtptest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Side is who says a line: 'C' the client, 'S' the server, 0 neither.
type Side byte

// The sides.
const (
	Client Side = 'C'
	Server Side = 'S'
)

// step is one line of a dialogue.
type step struct {
	num  int    // of the line in its file
	side Side   // 0: TLS
	text string // as written
	crlf bool
	end  bool
}

// Dialogue is a parsed dialogue.
type Dialogue struct {
	Name  string
	steps []step
}

// Parse reads a dialogue. The name stands in front of its errors, with the
// number of the line.
func Parse(name string, r io.Reader) (Dialogue, error) {
	d := Dialogue{Name: name}
	lines := bufio.NewScanner(r)
	for num := 1; lines.Scan(); num++ {
		s, ok, err := parseStep(lines.Text())
		if err != nil {
			return Dialogue{}, fmt.Errorf("%s:%d: %w", name, num, err)
		}
		if ok {
			s.num = num
			d.steps = append(d.steps, s)
		}
	}
	return d, lines.Err()
}

// parseStep parses one line; ok is false for a comment.
func parseStep(line string) (s step, ok bool, err error) {
	switch trimmed := strings.TrimSpace(line); {
	case trimmed == "" || trimmed[0] == '#':
		return step{}, false, nil
	case trimmed == "TLS":
		return step{}, true, nil
	}
	if len(line) < 2 || line[0] != 'C' && line[0] != 'S' || line[1] != ':' && line[1] != '-' {
		return step{}, false, fmt.Errorf("neither C: nor S: nor a comment: %q", line)
	}
	s = step{side: Side(line[0]), crlf: line[1] == ':', text: strings.TrimPrefix(line[2:], " ")}
	s.end = s.text == "<end>"
	_, err = expand(s.text)
	return s, true, err
}

// expand undoes the escapes of a line.
func expand(s string) (string, error) {
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(s, `\`)
		b.WriteString(plain)
		if !found {
			return b.String(), nil
		}
		octets, n, err := escape(rest)
		if err != nil {
			return "", err
		}
		b.WriteString(octets)
		s = rest[n:]
	}
}

// escape returns what the escape means whose backslash stands in front of s,
// and how much of s it takes.
func escape(s string) (octets string, n int, err error) {
	if s == "" {
		return "", 0, errors.New("backslash at the end of a line")
	}
	switch s[0] {
	case 'r':
		return "\r", 1, nil
	case 'n':
		return "\n", 1, nil
	case 't':
		return "\t", 1, nil
	case '\\', '*':
		return s[:1], 1, nil
	case 'x':
		return hexOctet(s)
	case '{':
		return repeated(s)
	}
	return "", 0, fmt.Errorf("unknown escape \\%c", s[0])
}

func hexOctet(s string) (string, int, error) {
	if len(s) < 3 {
		return "", 0, errors.New("\\x wants two digits")
	}
	c, err := strconv.ParseUint(s[1:3], 16, 8)
	return string([]byte{byte(c)}), 3, err
}

func repeated(s string) (string, int, error) {
	end := strings.IndexByte(s, '}')
	if end < 0 {
		return "", 0, errors.New("\\{ without }")
	}
	count, what, _ := strings.Cut(s[1:end], " ")
	n, err := strconv.Atoi(count)
	if err != nil {
		return "", 0, err
	}
	return strings.Repeat(what, n), end + 1, nil
}

// match reports whether got is what the pattern says.
func match(pattern, got string) bool {
	parts := splitStars(pattern)
	first, ok := strings.CutPrefix(got, parts[0])
	if !ok || len(parts) == 1 {
		return ok && first == ""
	}
	last := parts[len(parts)-1]
	rest, ok := strings.CutSuffix(first, last)
	for _, p := range parts[1 : len(parts)-1] {
		if !ok {
			return false
		}
		_, rest, ok = strings.Cut(rest, p)
	}
	return ok
}

// splitStars cuts a pattern at its stars and undoes the escapes.
func splitStars(pattern string) (parts []string) {
	start := 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '*':
			parts = append(parts, must(pattern[start:i]))
			start = i + 1
		}
	}
	return append(parts, must(pattern[start:]))
}

// must is expand for a line that Parse has seen.
func must(s string) string {
	octets, err := expand(s)
	if err != nil {
		return s
	}
	return octets
}
