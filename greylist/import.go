package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

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
	if err != nil {
		return fmt.Errorf("%w: %w", tool.ErrInput, err)
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
	im.entries = append(im.entries, e)
}

func (im *importer) leave(why string) {
	im.left++
	fmt.Fprintf(im.Stderr, "greylist: %s:%d: %s (left out)\n", im.file, im.line, why)
}

// maxImportLine bounds a line of the files that are read, in octets.
const maxImportLine = 64 << 10

// eachLine calls f with every line that is neither empty nor a comment.
func (im *importer) eachLine(r io.Reader, f func(line string)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxImportLine)
	for lines.Scan() {
		im.line++
		if line := strings.TrimRight(lines.Text(), " \t\r"); line != "" && line[0] != '#' {
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
	return im.eachLine(r, func(line string) {
		word := strings.Fields(line)[0]
		e, err := exactNet(word)
		switch {
		case strings.HasPrefix(word, "/"):
			im.leave("a regular expression")
		case err == nil:
			im.add(e, nil)
		default:
			im.add(greylist.ParseSubject("." + strings.TrimPrefix(word, ".")))
		}
	})
}

// readRecipients reads postgrey's whitelist_recipients: user@, user@domain, and
// domain.
func readRecipients(im *importer, r io.Reader) error {
	return im.eachLine(r, func(line string) {
		word := strings.Fields(line)[0]
		if strings.HasPrefix(word, "/") {
			im.leave("a regular expression")
			return
		}
		if !strings.Contains(word, "@") {
			word = "@" + word
		}
		im.add(greylist.ParseSubject("to:" + word))
	})
}

// readCIDR reads a cidr_table(5) of Postfix, of which the first line that has
// an address counts; on the whitelist the last one does. OK and PERMIT put a
// network there, all else takes it off.
func readCIDR(im *importer, r io.Reader) error {
	begin := len(im.entries)
	err := im.eachLine(r, func(line string) {
		words := strings.Fields(line)
		switch {
		case line[0] == ' ' || line[0] == '\t':
			// The rest of the action above, which is not looked at.
		case len(words) < 2 || strings.HasPrefix(words[0], "!") || strings.EqualFold(words[0], "if"):
			im.leave("not understood")
		default:
			e, err := exactNet(words[0])
			e.Withdrawn = !permits(words[1])
			im.add(e, err)
		}
	})
	slices.Reverse(im.entries[begin:])
	return err
}

func permits(action string) bool {
	return strings.EqualFold(action, "OK") || strings.EqualFold(action, "PERMIT")
}
