package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode"

	"postern/lib/greylist"
	"postern/lib/tool"
)

// A reader makes entries of another program's file. What it does not understand
// it gives to an importer.
type reader func(im *importer, r io.Reader) error

// readers are the forms that are known.
func readers() map[string]reader {
	return map[string]reader{
		"plan9":      readPlan9,
		"postgrey":   readClients,
		"recipients": readRecipients,
		"dump":       readDump,
		"cidr":       readCIDR,
	}
}

// An importer gathers what is read.
type importer struct {
	*job
	file    string
	line    int
	entries []greylist.Entry
	left    int // lines that were left out
}

// load takes over the lists of other programs: import form file ...
func (j *job) load(operands []string) error {
	read, ok := readers()[operands[0]]
	if !ok {
		return fmt.Errorf("%w: unknown form %q", errUsage, operands[0])
	}
	im := &importer{job: j}
	for _, name := range operands[1:] {
		if err := im.read(name, read); err != nil {
			return err
		}
	}
	if err := j.add(im.entries...); err != nil {
		return err
	}
	if im.left > 0 {
		return fmt.Errorf("%w: %d lines were left out", tool.ErrInput, im.left)
	}
	return nil
}

func (im *importer) read(name string, read reader) error {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", tool.ErrInput, err)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	im.file, im.line = name, 0
	return read(im, f)
}

// add takes an entry, or says what is wrong with its line.
func (im *importer) add(e greylist.Entry, err error) {
	if err != nil {
		im.leave(err.Error())
		return
	}
	if wide(&e) {
		im.tell(e.Subject() + " lets a great part of the Internet pass (taken)")
	}
	im.entries = append(im.entries, e)
}

// widest is the shortest prefix of a network that is not worth a word: Plan 9's
// own list has some of it.
const widest = 8

// wide says whether so many pass by an entry that it looks like a mistake.
func wide(e *greylist.Entry) bool {
	return e.Kind == greylist.Net && !e.Withdrawn && e.Net.Bits() < widest && !e.Net.Addr().IsPrivate()
}

func (im *importer) leave(why string) {
	im.left++
	im.tell(why + " (left out)")
}

// tell says something about the line.
func (im *importer) tell(what string) {
	fmt.Fprintf(im.Stderr, "greylist: %s:%d: %s\n", im.file, im.line, what)
}

// maxImportLine bounds a line of the files that are read, in octets.
const maxImportLine = 64 << 10

// eachLine calls f with every line that is neither empty nor a comment.
func (im *importer) eachLine(r io.Reader, f func(line string)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxImportLine)
	for lines.Scan() {
		im.line++
		if line := strings.TrimRightFunc(lines.Text(), unicode.IsSpace); line != "" && line[0] != '#' {
			f(line)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("%w: %s:%d: the line is too long", tool.ErrInput, im.file, im.line+1)
	}
	return lines.Err()
}

// readPlan9 reads a whitelist of Plan 9's, or of ours.
func readPlan9(im *importer, r io.Reader) error {
	return im.eachLine(r, func(line string) {
		if line[0] != ' ' && line[0] != '\t' {
			im.add(greylist.ParseEntry(line))
		}
	})
}

// readClients reads postgrey's whitelist_clients: addresses and networks, each
// for itself alone, domains of clients' names, and regular expressions, which
// nothing here understands.
func readClients(im *importer, r io.Reader) error {
	return im.eachWord(r, func(word string) {
		e, err := exactNet(word)
		switch {
		case err == nil:
			im.add(e, nil)
		case strings.ContainsAny(word, "/@*:"):
			im.leave("neither a network nor a domain")
		default:
			im.add(greylist.ParseSubject("." + strings.TrimPrefix(word, ".")))
		}
	})
}

// readRecipients reads postgrey's whitelist_recipients: user@, user@domain, and
// domain.
func readRecipients(im *importer, r io.Reader) error {
	return im.eachWord(r, func(word string) {
		if !strings.Contains(word, "@") {
			word = "@" + word
		}
		im.add(greylist.ParseSubject("to:" + word))
	})
}

// eachWord calls f with the one word of every line of a file of postgrey's, in
// which a comment may stand behind it.
func (im *importer) eachWord(r io.Reader, f func(word string)) error {
	return im.eachLine(r, func(line string) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0][0] == '/':
			im.leave("a regular expression")
		case len(words) > 1:
			im.leave("more than one word")
		default:
			f(words[0])
		}
	})
}
