package conf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Read reads the file that spec names, "file" or "dialect:file". The dialect is
// the one in spec, else that of a first line "#dialect name", else face; "" is
// native. A file that is not there is an error that is fs.ErrNotExist; what
// else may be wrong is as with Parse.
func Read(spec string, face Dialect) (Dialect, []Line, error) {
	d, name := splitSpec(spec)
	data, err := readBounded(name)
	if err != nil {
		return face, nil, err
	}
	if d == "" {
		d = detect(data)
	}
	if d == "" {
		d = face
	}
	if d == "" {
		d = Native
	}
	lines, err := parse(d, name, string(data), os.LookupEnv)
	return d, lines, err
}

// splitSpec takes "dialect:file" apart; the dialect is "" when spec names none,
// and then all of spec is the file.
func splitSpec(spec string) (Dialect, string) {
	before, after, ok := strings.Cut(spec, ":")
	if d := Dialect(strings.ToLower(before)); ok && d.known() {
		return d, after
	}
	return "", spec
}

// detect gives the dialect that a file's first line, "#dialect name", names,
// and "" when it is another line. The name may be unknown, which Parse
// complains of.
func detect(head []byte) Dialect {
	line, _, _ := strings.Cut(string(head[:min(len(head), maxHead)]), "\n")
	rest, ok := strings.CutPrefix(line, "#dialect")
	if !ok || rest == "" || !isBlank(rest[0]) {
		return ""
	}
	return Dialect(strings.ToLower(strings.TrimSpace(rest)))
}

// maxHead is as far as detect looks.
const maxHead = 256

// readBounded reads a file of MaxFile octets at most. It is opened without
// os.Open, which sets up the poller that a process may never need.
func readBounded(name string) ([]byte, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	data, err := readAll(f, sizeOf(f))
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return data, nil
}

var errTooLong = errors.New("longer than 1 MiB")

// sizeOf is the length of a regular file.
func sizeOf(f *os.File) int64 {
	st, err := f.Stat()
	if err != nil || !st.Mode().IsRegular() {
		return 0
	}
	return st.Size()
}

// readAll reads to the end; size is how far that is, as far as it is known.
func readAll(r io.Reader, size int64) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, min(size, MaxFile)+bytes.MinRead))
	_, err := b.ReadFrom(io.LimitReader(r, MaxFile+1))
	if err == nil && b.Len() > MaxFile {
		err = errTooLong
	}
	return b.Bytes(), err
}

// Parse reads a file of dialect d; file is its name for messages. Errors carry
// file and line, all of them at once, Warnings where the dialect is lenient;
// the lines without one are returned even then. A file of more than MaxFile
// octets is an error.
func Parse(d Dialect, file string, r io.Reader) ([]Line, error) {
	data, err := readAll(r, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return parse(d, file, string(data), os.LookupEnv)
}

// parser reads one file.
type parser struct {
	file  string
	env   func(name string) (string, bool) // for the ZMailer dialect
	lines []Line
	bad   complaints
}

func parse(d Dialect, file, text string, env func(string) (string, bool)) ([]Line, error) {
	p := &parser{file: file, env: env}
	p.bad.lenient = d.lenient()
	text = strings.ReplaceAll(text, "\r\n", "\n")
	p.lines = make([]Line, 0, strings.Count(text, "\n")+1)
	switch d {
	case Native:
		p.words(text, true)
	case Avenger:
		p.words(text, false)
	case Plan9:
		p.each(text, p.plan9)
	case ZMailer:
		p.each(text, p.zmailer)
	case Proxsmtpd:
		p.each(text, p.proxsmtpd)
	default:
		return nil, fmt.Errorf("%s: unknown dialect %q (there are %s)", file, string(d), dialectNames)
	}
	return p.lines, p.bad.result()
}

// each calls f with the number and the text of each line.
func (p *parser) each(text string, f func(num int, line string)) {
	num := 0
	for line := range strings.SplitSeq(text, "\n") {
		num++
		f(num, line)
	}
}

// add appends a line whose words are its name and its arguments.
func (p *parser) add(num int, words []string, raw string) {
	if len(words) > 0 {
		p.lines = append(p.lines, Line{File: p.file, Num: num, Name: words[0], Args: words[1:], Raw: strings.TrimSpace(raw)})
	}
}

// complain notes what is wrong with a line.
func (p *parser) complain(num int, format string, args ...any) {
	p.bad.add(fmt.Sprintf("%s:%d", p.file, num), format, args...)
}

// proxsmtpd reads "Name: value".
func (p *parser) proxsmtpd(num int, line string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return
	}
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	switch {
	case !ok:
		p.complain(num, `no ":" behind the name in %q`, line)
	case name == "":
		p.complain(num, `no name in front of the ":"`)
	default:
		p.add(num, []string{name, value}, value)
	}
}

// plan9 reads a verb and its parameters, as upas did.
func (p *parser) plan9(num int, line string) {
	words, nameEnd := plan9Words(line)
	p.add(num, words, line[nameEnd:])
}

// plan9Words splits a line and says where its first word ends.
func plan9Words(line string) (words []string, nameEnd int) {
	var word []byte
	inWord := false
	end := func(at int) {
		if !inWord {
			return
		}
		if words == nil {
			nameEnd = at
		}
		words, word, inWord = append(words, string(word)), nil, false
	}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '#':
			end(i)
			return words, nameEnd
		case isBlank(c) || c == ',':
			end(i)
		case c == '\\' && i+1 < len(line):
			i++
			word, inWord = append(word, line[i]), true
		default:
			word, inWord = append(word, lower(c)), true
		}
	}
	end(len(line))
	return words, nameEnd
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
