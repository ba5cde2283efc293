package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"postern/lib/queue"
	"postern/lib/sysexits"
)

// mailqUnit is what shows users their mail in the queue.
const mailqUnit = "mailq.socket"

// showOwn is -bp for a user who may not read the queue: runq shows him at its
// socket what he has handed in.
func (c *config) showOwn(stdout, stderr io.Writer) int {
	conn, err := dialUnix(context.Background(), c.places.Mailq())
	if err != nil {
		return complain(stderr, sysexits.TempFail, fmt.Errorf("this user may not read the queue, and nothing shows him his mail at %s: is %s started? (%w)",
			c.places.Mailq(), mailqUnit, err))
	}
	defer conn.Close()
	var end lastLine
	_, err = io.Copy(io.MultiWriter(stdout, &end), conn)
	if err == nil && !end.whole() {
		err = fmt.Errorf("%s: this is not all; its log says why", mailqUnit)
	}
	if err != nil {
		return complain(stderr, sysexits.TempFail, err)
	}
	return sysexits.OK
}

// lineKept is how much of a line lastLine keeps, in octets.
const lineKept = 64

// lastLine keeps the beginning of the last line that was written to it.
type lastLine struct {
	line  []byte // with its end, if it is not cut
	ended bool   // its end has come
}

// Write takes the next octets. It never fails.
func (l *lastLine) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		if l.ended {
			l.line = l.line[:0]
		}
		l.line = append(l.line, line[:min(len(line), lineKept-len(l.line))]...)
		l.ended = line[len(line)-1] == '\n'
	}
	return len(b), nil
}

// whole says whether the line is the one that ends a listing.
func (l *lastLine) whole() bool {
	return l.ended && queue.EndsListing(strings.TrimSuffix(string(l.line), "\n"))
}
