package greylist

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// whiteName is the whitelist.
const whiteName = "whitelist"

// eachLine calls f with every entry of a text and with where its line begins.
// Lines that are no entries are passed over, or given to bad when it is there.
func eachLine(text io.Reader, f func(e Entry, at int64), bad func(line string, at int64, err error)) error {
	r := bufio.NewReaderSize(text, 64<<10)
	at := int64(0)
	for {
		line, size, err := readLine(r)
		if size > 0 {
			e, wrong := ParseEntry(line)
			switch {
			case wrong == nil:
				f(e, at)
			case bad != nil:
				bad(line, at, wrong)
			}
		}
		at += int64(size)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readLine reads a line and gives it without its end, and how long it is. Of
// one that is too long it gives as much as shows that.
func readLine(r *bufio.Reader) (line string, size int, err error) {
	chunk, err := r.ReadSlice('\n')
	kept := bytes.TrimRight(chunk[:min(len(chunk), maxLine+2)], "\r\n")
	line, size = string(kept), len(chunk)
	for errors.Is(err, bufio.ErrBufferFull) {
		chunk, err = r.ReadSlice('\n')
		size += len(chunk)
	}
	return line, size, err
}

// textStateOf is what a stat says about the text.
func textStateOf(st *unix.Stat_t) textState {
	m, c := st.Mtim, st.Ctim
	return textState{uint64(st.Ino), uint64(st.Size), uint64(m.Nano()), uint64(c.Nano())}
}
