package prog

import (
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds on what is kept of a command's words.
const (
	maxOutput = 64 << 10
	maxStderr = 4 << 10
	maxReason = 255
)

// grace is how long pipes are read after the command's end, when a child of it
// that lives on keeps them open.
const grace = time.Second

// capture reads a pipe to its end and keeps a part of it.
type capture struct {
	pipe *os.File
	done chan struct{}
	kept []byte
}

// keepFunc gives what is kept when more text follows what was kept before.
type keepFunc func(kept, more []byte, limit int) []byte

func keepFirst(kept, more []byte, limit int) []byte {
	return append(kept, more[:min(len(more), limit-len(kept))]...)
}

func keepLast(kept, more []byte, limit int) []byte {
	kept = append(kept, more...)
	if over := len(kept) - limit; over > 0 {
		kept = kept[:copy(kept, kept[over:])]
	}
	return kept
}

// newCapture begins to read.
func newCapture(pipe *os.File, keep keepFunc, limit int) *capture {
	c := &capture{pipe: pipe, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		buf := make([]byte, 4<<10)
		for {
			n, err := pipe.Read(buf)
			c.kept = keep(c.kept, buf[:n], limit)
			if err != nil {
				return
			}
		}
	}()
	return c
}

// collect gives what was kept when all has been read, or after the grace.
func (c *capture) collect() []byte {
	if c == nil {
		return nil
	}
	c.pipe.SetReadDeadline(time.Now().Add(grace))
	<-c.done
	c.pipe.Close()
	return c.kept
}

// drop stops reading.
func (c *capture) drop() {
	if c != nil {
		c.pipe.Close()
		<-c.done
	}
}

// lastLine gives the last line that is not empty, without control characters
// and octets that are not UTF-8, cut to maxReason octets.
func lastLine(text []byte) string {
	line := strings.TrimRight(string(text), " \t\r\n")
	line = line[strings.LastIndexByte(line, '\n')+1:]
	line = strings.Map(printable, line)
	line = strings.TrimSpace(line)
	for n := maxReason; n < len(line); n-- {
		if utf8.RuneStart(line[n]) {
			return line[:n]
		}
	}
	return line
}

// printable replaces what could move a cursor or end a line by a blank.
func printable(r rune) rune {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029:
		return ' '
	case r == utf8.RuneError:
		return '?'
	}
	return r
}
