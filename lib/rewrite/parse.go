package rewrite

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds of a rules file.
const (
	maxFile    = 1 << 20
	maxPattern = 1000 // octets; RE2 bounds what a pattern can cost
	maxErrors  = 20
)

// Parse reads rules: lines of `pattern type arg [arg]`, the fields parted by
// blanks and quoted by ' or ", in which a doubled quote is the quote itself.
// A backslash at its end continues a line; # begins a line of comment.
// All errors are reported at once, each with its place in file.
func Parse(file string, r io.Reader) (Rules, error) {
	var rules Rules
	var errs []error
	lines := newLines(r)
	for lines.next() && len(errs) < maxErrors {
		rule, err := parseLine(lines.text)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s:%d: %w", file, lines.first, err))
		case rule != nil:
			rule.File, rule.Line = file, lines.first
			rules = append(rules, rule)
		}
	}
	if lines.err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", file, lines.err))
	}
	return rules, errors.Join(errs...)
}

// parseLine reads one rule; nil stands for a line without one.
func parseLine(text string) (*Rule, error) {
	f, err := fields(text)
	if err != nil || len(f) == 0 {
		return nil, err
	}
	if len(f) < 2 {
		return nil, errors.New("a rule is: pattern type arg [arg]")
	}
	k, ok := kind(f[1])
	if !ok {
		return nil, fmt.Errorf("unknown type %q (>>, |, alias, translate or auth)", f[1])
	}
	most := 1
	if k == Command {
		most = 2
	}
	args := f[2:]
	switch {
	case len(args) < 1 || args[0] == "":
		return nil, fmt.Errorf("%s needs an argument", k)
	case len(args) > most:
		return nil, fmt.Errorf("%s takes %d argument(s), not %d: quote blanks", k, most, len(args))
	case len(f[0]) > maxPattern:
		return nil, fmt.Errorf("pattern longer than %d octets", maxPattern)
	}
	if k == Command || k == Translate || k == Auth {
		if _, err := commandWords(args); err != nil {
			return nil, err
		}
	}
	return &Rule{Kind: k, Args: args, pattern: f[0]}, nil
}

// fields parts a line at blanks outside of quotes. Backslashes stand: they
// belong to patterns and templates.
func fields(text string) ([]string, error) {
	var list []string
	for {
		text = strings.TrimLeft(text, " \t\r")
		if text == "" {
			return list, nil
		}
		word, rest, err := field(text)
		if err != nil {
			return nil, err
		}
		list, text = append(list, word), rest
	}
}

// field takes the first field off text.
func field(text string) (word, rest string, err error) {
	var b strings.Builder
	for text != "" && !strings.ContainsRune(" \t\r", rune(text[0])) {
		if text[0] != '\'' && text[0] != '"' {
			b.WriteByte(text[0])
			text = text[1:]
			continue
		}
		quoted, behind, err := quoted(text)
		if err != nil {
			return "", "", err
		}
		b.WriteString(quoted)
		text = behind
	}
	return b.String(), text, nil
}

// quoted takes a quoted string off text, which begins with its quote.
func quoted(text string) (word, rest string, err error) {
	quote := text[0]
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] != quote:
			b.WriteByte(text[i])
		case i+1 < len(text) && text[i+1] == quote:
			b.WriteByte(quote)
			i++
		default:
			return b.String(), text[i+1:], nil
		}
	}
	return "", "", fmt.Errorf("unclosed %c", quote)
}

// lines reads logical lines: continued ones joined, comments left out.
type lines struct {
	scan  *bufio.Scanner
	left  *io.LimitedReader
	num   int
	first int    // number of the first physical line of text
	text  string // without line end
	err   error
}

func newLines(r io.Reader) *lines {
	left := &io.LimitedReader{R: r, N: maxFile + 1}
	scan := bufio.NewScanner(left)
	scan.Buffer(nil, maxFile+2)
	return &lines{scan: scan, left: left}
}

// next moves to the next logical line and says whether there is one.
func (l *lines) next() bool {
	l.text = ""
	for l.scan.Scan() {
		l.num++
		line := l.scan.Text()
		if l.text == "" {
			l.first = l.num
			if strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") {
				continue
			}
		}
		head, continued := strings.CutSuffix(line, `\`)
		if !continued {
			l.text += line
			return true
		}
		l.text += head + " "
	}
	l.err = l.scan.Err()
	if l.left.N == 0 {
		l.err = fmt.Errorf("larger than %d octets", maxFile)
	}
	return l.text != ""
}
