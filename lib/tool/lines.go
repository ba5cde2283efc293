package tool

import (
	"bufio"
	"bytes"
	"io"

	"postern/lib/record"
)

// inputBuffer is what is read at once: all that a pipe holds.
const inputBuffer = 64 << 10

// lines reads lines of any length, keeping no more of one than a record may
// have.
type lines struct{ br *bufio.Reader }

func newLines(in io.Reader) lines { return lines{bufio.NewReaderSize(in, inputBuffer)} }

// next appends the next line without its LF to buf. n is its length, of which
// at most one octet more than record.MaxSize is kept. A last line needs no LF;
// at the end there is io.EOF.
func (l lines) next(buf []byte) (line []byte, n int, err error) {
	for {
		part, err := l.br.ReadSlice('\n')
		whole := err == nil
		if whole {
			part = part[:len(part)-1]
		}
		n += len(part)
		buf = append(buf, part[:min(len(part), record.MaxSize+1-len(buf))]...)
		switch {
		case whole, err == io.EOF && n > 0:
			return buf, n, nil
		case err != bufio.ErrBufferFull:
			return buf, n, err
		}
	}
}

// idle tells that the next line may have to be waited for.
func (l lines) idle() bool { return l.br.Buffered() == 0 }

// ready tells that the next line is there as a whole.
func (l lines) ready() bool {
	buffered, _ := l.br.Peek(l.br.Buffered())
	return bytes.IndexByte(buffered, '\n') >= 0
}
