package main

import (
	"bufio"
	"bytes"
	"io"
)

// lines reads a message as users and their programs write it, and makes it fit
// for the queue:
//
//   - CRLF becomes LF. Any other CR, with which programs overwrite their progress
//     and which no server takes (RFC 5321 2.3.8), becomes a blank.
//   - A From_ line at the top is dropped.
//   - The last line gets its end.
//   - With dot, a line with nothing but a dot ends the message.
type lines struct {
	r       *bufio.Reader
	dot     bool // a line with nothing but a dot is the end
	rest    []byte
	started bool
	start   bool // the next octet begins a line
	ended   bool
}

func newLines(r io.Reader, dot bool) *lines {
	return &lines{r: bufio.NewReaderSize(r, 64<<10), dot: dot, start: true}
}

// Read gives the next octets. After an error of the input nothing more comes.
func (l *lines) Read(p []byte) (int, error) {
	for len(l.rest) == 0 {
		if l.ended {
			return 0, io.EOF
		}
		if err := l.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// next fills rest with the next line, or with a piece of a long one.
func (l *lines) next() error {
	line, err := l.r.ReadSlice('\n')
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return err
	}
	first, atStart := !l.started, l.start
	l.started, l.start = true, err == nil
	line = l.endLine(line, err, atStart)
	for i := range line {
		if line[i] == '\r' {
			line[i] = ' '
		}
	}
	switch {
	case l.dot && atStart && string(line) == ".\n":
		l.ended, line = true, nil
	case first && bytes.HasPrefix(line, []byte("From ")):
		line = nil
	}
	l.rest = line
	return nil
}

// endLine makes the end of what ReadSlice returned with err a LF, if it is the end
// of a line. atStart says that it begins a line too.
func (l *lines) endLine(line []byte, err error, atStart bool) []byte {
	switch {
	case err == bufio.ErrBufferFull && line[len(line)-1] == '\r':
		l.r.UnreadByte() // it may belong to the LF that comes
		return line[:len(line)-1]
	case err == nil && bytes.HasSuffix(line, []byte("\r\n")):
		return append(line[:len(line)-2], '\n')
	case err == io.EOF:
		l.ended = true
		if len(line) > 0 {
			return append(line[:len(line):len(line)], '\n')
		}
		if !atStart {
			return []byte("\n")
		}
	}
	return line
}
