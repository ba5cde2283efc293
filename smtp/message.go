package main

import (
	"bytes"
	"errors"
	"io"
	"os"

	"postern/lib/client"
	"postern/lib/safefile"
)

// letter is a message that is ready to be sent, as often as is needed.
type letter struct {
	text  *client.Text
	close func()
}

// readLetter takes the message from standard input, its header complete.
func (p *program) readLetter(c conversion) (*letter, error) {
	draft := safefile.NewDraft(os.TempDir(), safefile.UsualMemory)
	err := convert(draft, p.stdin, c)
	var text *client.Text
	if err == nil {
		text, err = client.NewText(draft, draft.Size())
	}
	if err != nil {
		draft.Discard()
		return nil, err
	}
	return &letter{text, draft.Discard}, nil
}

// openLetter reads the message that stands in a file from an offset on, which
// goes as it is.
func openLetter(name string, offset int64) (*letter, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() < offset) {
		err = errors.New(name + ": there is no message at that place")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	l, err := fileLetter(f, offset, info.Size()-offset)
	if err != nil {
		f.Close()
	}
	return l, err
}

// fileLetter reads a short message at once, and leaves a long one in its file.
func fileLetter(f *os.File, offset, size int64) (*letter, error) {
	if size > safefile.UsualMemory {
		text, err := client.NewText(io.NewSectionReader(f, offset, size), size)
		return &letter{text, func() { f.Close() }}, err
	}
	b := make([]byte, size)
	if _, err := f.ReadAt(b, offset); err != nil && (err != io.EOF || size > 0) {
		return nil, err
	}
	text, err := client.NewText(bytes.NewReader(b), size)
	f.Close()
	return &letter{text, func() {}}, err
}
