package record

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// AppendBlock appends the record as a request of Postfix's policy delegation
// protocol: a line name=value for each attribute, then an empty line. What
// would break the form, NUL, CR and LF in a value, becomes "?", as Postfix
// itself writes it.
func (r *Record) AppendBlock(b []byte) []byte {
	for _, a := range r.attrs {
		b = append(b, a.name...)
		b = append(b, '=')
		for i := range len(a.value) {
			b = append(b, blockOctet(a.value[i]))
		}
		b = append(b, '\n')
	}
	return append(b, '\n')
}

func blockOctet(c byte) byte {
	if c == 0 || c == '\r' || c == '\n' {
		return '?'
	}
	return c
}

// ReadBlock reads one block. At the end of input it returns io.EOF, in the
// midst of a block io.ErrUnexpectedEOF. With ErrSyntax and ErrTooLong the whole
// block has been read, so that a server can answer and go on with the next.
func ReadBlock(br *bufio.Reader) (Record, error) {
	var r Record
	var bad error
	var line []byte
	for size := 0; ; {
		var n int
		var err error
		line, n, err = readLine(br, line[:0], MaxSize-size)
		switch {
		case err == io.EOF && size == 0:
			return Record{}, io.EOF
		case err == io.EOF:
			return Record{}, io.ErrUnexpectedEOF
		case err != nil:
			return Record{}, err
		case n == 0 && bad != nil:
			return Record{}, bad
		case n == 0:
			return r, nil
		}
		if size += n; bad == nil {
			bad = r.addBlockLine(line, size)
		}
		// What is behind the bound is read, not kept; the sum must not wrap.
		size = min(size, MaxSize)
	}
}

func (r *Record) addBlockLine(line []byte, size int) error {
	if size > MaxSize {
		return fmt.Errorf("%w: block of more than %d octets", ErrTooLong, MaxSize)
	}
	name, value, ok := strings.Cut(string(line), "=")
	if !ok || !ValidName(name) {
		return fmt.Errorf("%w: %.40q is not name=value", ErrSyntax, line)
	}
	return r.add(attr{name, value})
}

// readLine appends a line without its end to room, which is empty. n is its
// length; the text is whole only when n is at most limit. A last line without an
// end is io.EOF.
func readLine(br *bufio.Reader, room []byte, limit int) (line []byte, n int, err error) {
	for line = room; ; {
		part, err := br.ReadSlice('\n')
		n += len(part)
		if n <= limit+2 {
			line = append(line, part...)
		}
		switch err {
		case nil:
			end := lineEnd(line)
			return line[:max(0, len(line)-end)], n - end, nil
		case bufio.ErrBufferFull:
		default:
			return line, n, err
		}
	}
}

func lineEnd(line []byte) int {
	if bytes.HasSuffix(line, []byte("\r\n")) {
		return 2
	}
	return 1
}
