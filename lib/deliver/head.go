package deliver

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// maxHead is how much of a message is looked at as its header, in octets.
// What comes behind passes as it is.
const maxHead = 256 << 10

// headFilter is a writer that takes Return-Path fields out of a message's
// header (RFC 5321 4.4), and finds messages that go round in circles.
type headFilter struct {
	w           io.Writer
	maxReceived int
	addresses   []string // that deliver: one of them in Delivered-To is a loop

	head []byte // what has come of the header
	past bool   // the header has been written
}

// Write takes the next octets of the message. ErrLoop comes once the header
// is there.
func (h *headFilter) Write(p []byte) (int, error) {
	if h.past {
		return h.w.Write(p)
	}
	seen := max(0, len(h.head)-1)
	h.head = append(h.head, p...)
	end := headEnd(h.head, seen)
	if end < 0 && len(h.head) < maxHead {
		return len(p), nil
	}
	if end < 0 {
		end = len(h.head)
	}
	if err := h.finish(end); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close writes what is held of a message that has nothing but a header.
func (h *headFilter) Close() error {
	if h.past {
		return nil
	}
	return h.finish(len(h.head))
}

// headEnd is where the empty line that ends a header begins, -1 if it has not
// come. from is what was looked at before.
func headEnd(head []byte, from int) int {
	if len(head) > 0 && head[0] == '\n' {
		return 0
	}
	if i := bytes.Index(head[from:], []byte("\n\n")); i >= 0 {
		return from + i + 1
	}
	return -1
}

// finish writes the header, which ends at end, and what is behind it.
func (h *headFilter) finish(end int) error {
	h.past = true
	head := h.head
	h.head = nil
	if err := h.judge(head[:end]); err != nil {
		return err
	}
	kept := 0
	for start, stop := range fields(head[:end]) {
		if !isField(head[start:stop], "Return-Path") {
			continue
		}
		if _, err := h.w.Write(head[kept:start]); err != nil {
			return err
		}
		kept = stop
	}
	_, err := h.w.Write(head[kept:])
	return err
}

// judge says whether the message is in a loop: by the number of hosts it has
// seen (RFC 5321 6.3), or because it has been delivered to the same address
// before.
func (h *headFilter) judge(head []byte) error {
	received := 0
	for start, stop := range fields(head) {
		field := head[start:stop]
		if isField(field, "Received") {
			received++
		}
		if !isField(field, "Delivered-To") {
			continue
		}
		if body := fieldBody(field); slices.ContainsFunc(h.addresses, func(a string) bool { return strings.EqualFold(a, body) }) {
			return fmt.Errorf("%w: it was delivered to %s before", ErrLoop, body)
		}
	}
	if received > h.maxReceived {
		return fmt.Errorf("%w: more than %d Received fields", ErrLoop, h.maxReceived)
	}
	return nil
}

// fields yields where each field of a header begins and ends.
func fields(head []byte) func(yield func(start, stop int) bool) {
	return func(yield func(start, stop int) bool) {
		start := 0
		for start < len(head) {
			stop := fieldEnd(head, start)
			if !yield(start, stop) {
				return
			}
			start = stop
		}
	}
}

// fieldEnd is where the field that begins at start ends: behind the last of
// its lines, those that begin with a blank included.
func fieldEnd(head []byte, start int) int {
	for {
		i := bytes.IndexByte(head[start:], '\n')
		if i < 0 {
			return len(head)
		}
		start += i + 1
		if start == len(head) || head[start] != ' ' && head[start] != '\t' {
			return start
		}
	}
}

// isField says whether a field has the name. Blanks before the colon are
// obsolete, and a way to be overlooked.
func isField(field []byte, name string) bool {
	if len(field) <= len(name) || !strings.EqualFold(string(field[:len(name)]), name) {
		return false
	}
	rest := bytes.TrimLeft(field[len(name):], " \t")
	return len(rest) > 0 && rest[0] == ':'
}

// fieldBody is what a field says, on one line.
func fieldBody(field []byte) string {
	_, body, _ := bytes.Cut(field, []byte(":"))
	return strings.Join(strings.Fields(string(body)), " ")
}
