package smtp

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// pieces gives in away in pieces of the given sizes, over and over.
func pieces(in []byte, sizes ...int) io.Reader {
	return &pieceReader{in: in, sizes: sizes}
}

type pieceReader struct {
	in    []byte
	sizes []int
	turn  int
}

func (p *pieceReader) Read(b []byte) (int, error) {
	if len(p.in) == 0 {
		return 0, io.EOF
	}
	n := min(len(b), len(p.in))
	if len(p.sizes) > 0 {
		n = min(n, max(1, p.sizes[p.turn%len(p.sizes)]))
		p.turn++
	}
	copy(b, p.in[:n])
	p.in = p.in[n:]
	return n, nil
}

func TestLine(t *testing.T) {
	long := strings.Repeat("x", 600)
	tests := []struct {
		name, in string
		want     []string // lines; an error stands as "!" and its words
	}{
		{"plain", "EHLO a\r\nQUIT\r\n", []string{"EHLO a", "QUIT", "!EOF"}},
		{"empty", "\r\n", []string{"", "!EOF"}},
		{"bare LF spoils two", "NOOP\nQUIT\r\nRSET\r\n", []string{"!line not ended by CR LF", "!line not ended by CR LF", "RSET", "!EOF"}},
		{"LF within", "EHLO x\nMAIL FROM:<>\r\nRSET\r\n", []string{"!line not ended by CR LF", "!line not ended by CR LF", "RSET", "!EOF"}},
		{"bare CR", "NO\rOP\r\nRSET\r\n", []string{"!CR without LF", "RSET", "!EOF"}},
		{"CR CR LF", "NOOP\r\r\nRSET\r\n", []string{"!CR without LF", "RSET", "!EOF"}},
		{"NUL", "NO\x00OP\r\nRSET\r\n", []string{"!NUL in line", "RSET", "!EOF"}},
		{"512 fit", long[:510] + "\r\n", []string{long[:510], "!EOF"}},
		{"513 do not", long[:511] + "\r\nRSET\r\n", []string{"!line too long", "RSET", "!EOF"}},
		{"long and bare LF", long + "\nQUIT\r\nRSET\r\n", []string{"!line too long", "!line not ended by CR LF", "RSET", "!EOF"}},
		{"much too long", strings.Repeat(long, 100) + "\r\nRSET\r\n", []string{"!line too long", "RSET", "!EOF"}},
		{"end inside", "QUI", []string{"!unexpected EOF"}},
		{"end inside a long one", long, []string{"!unexpected EOF"}},
	}
	for _, tt := range tests {
		for _, sizes := range [][]int{nil, {1}, {2}, {7, 1}, {511, 1}} {
			got := allLines(NewReader(pieces([]byte(tt.in), sizes...)), 510)
			if strings.Join(got, "|") != strings.Join(tt.want, "|") {
				t.Errorf("%s, pieces %v: got %q, want %q", tt.name, sizes, got, tt.want)
			}
		}
	}
}

func allLines(r *Reader, limit int) (lines []string) {
	for {
		line, err := r.Line(limit)
		if err == nil {
			lines = append(lines, string(line))
			continue
		}
		lines = append(lines, "!"+err.Error())
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return lines
		}
	}
}

func TestLineLF(t *testing.T) {
	r := NewReader(strings.NewReader("HELO a\nQUIT\r\n"))
	r.LF = true
	if got := allLines(r, 100); strings.Join(got, "|") != "HELO a|QUIT|!EOF" {
		t.Errorf("got %q", got)
	}
}

func TestLineErrorKept(t *testing.T) {
	want := errors.New("reset by peer")
	r := NewReader(io.MultiReader(strings.NewReader("NOOP\r\n"), iotest.ErrReader(want)))
	if line, err := r.Line(100); string(line) != "NOOP" || err != nil {
		t.Fatalf("got %q, %v", line, err)
	}
	if _, err := r.Line(100); err != want {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestReaderSources(t *testing.T) {
	r := NewReader(strings.NewReader("STARTTLS\r\nMAIL FROM:<>\r\n"))
	r.Line(100)
	if !r.HasLine() || r.Buffered() != 14 {
		t.Errorf("HasLine %v, Buffered %d; want true, 14", r.HasLine(), r.Buffered())
	}
	r.Reset(strings.NewReader("EHLO a\r\nQ"))
	if line, err := r.Line(100); string(line) != "EHLO a" || err != nil {
		t.Errorf("behind Reset: got %q, %v", line, err)
	}
	if r.HasLine() {
		t.Error("HasLine with half a line")
	}
}

func TestNoProgress(t *testing.T) {
	r := NewReader(readFunc(func([]byte) (int, error) { return 0, nil }))
	if _, err := r.Line(100); err != io.ErrNoProgress {
		t.Errorf("got %v, want io.ErrNoProgress", err)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

// endless gives n octets x, then tail.
func endless(n int64, tail string) io.Reader {
	xs := bytes.Repeat([]byte("x"), 1<<16)
	fill := readFunc(func(b []byte) (int, error) { return copy(b, xs), nil })
	return io.MultiReader(io.LimitReader(fill, n), strings.NewReader(tail))
}

// allocated returns how many octets f took from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestEndlessLineIsBounded(t *testing.T) {
	const size = 100 << 20
	used := allocated(func() {
		r := NewReader(endless(size, "\r\nRSET\r\n"))
		if _, err := r.Line(MaxCommandLine); err != ErrLineTooLong {
			t.Errorf("Line: got %v", err)
		}
		if line, err := r.Line(MaxCommandLine); string(line) != "RSET" || err != nil {
			t.Errorf("behind it: got %q, %v", line, err)
		}
	})
	if used > 1<<20 {
		t.Errorf("Line took %d octets of memory", used)
	}
	used = allocated(func() {
		r := NewReader(endless(size, "\r\n.\r\nRSET\r\n"))
		res, err := r.Text(io.Discard, TextOptions{MaxLine: MaxTextLine})
		if err != nil || res.Size != size+2 || !res.LongLine || res.Lines != 1 {
			t.Errorf("Text: got %+v, %v", res, err)
		}
		if line, err := r.Line(MaxCommandLine); string(line) != "RSET" || err != nil {
			t.Errorf("behind the text: got %q, %v", line, err)
		}
	})
	if used > 1<<20 {
		t.Errorf("Text took %d octets of memory", used)
	}
}

func TestBuffersAreGivenBack(t *testing.T) {
	message := strings.Repeat(strings.Repeat("y", 70)+"\r\n", 3000) + ".\r\nRSET\r\n"
	r := NewReader(strings.NewReader("DATA\r\n" + message))
	r.Line(100)
	if _, err := r.Text(io.Discard, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if len(r.buf) != smallBuffer {
		t.Errorf("%d octets of buffer behind the text, want %d", len(r.buf), smallBuffer)
	}
	if line, err := r.Line(100); string(line) != "RSET" || err != nil {
		t.Errorf("got %q, %v", line, err)
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte("EHLO a\r\nMAIL FROM:<a@b> SIZE=3\r\nRCPT TO:<c@d>\nDATA\r\r\nx\x00\r\n"), uint8(1), uint8(7))
	f.Add([]byte("\n\r\n\n\r\r\n"), uint8(1), uint8(1))
	f.Add([]byte(strings.Repeat("a", 100)+"\nb\r\n"), uint8(3), uint8(50))
	f.Fuzz(func(t *testing.T, in []byte, a, b uint8) {
		const limit = 40
		got := allLines(NewReader(pieces(in, int(a), int(b))), limit)
		if want := naiveLines(in, limit); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	})
}

// naiveLines says what Line has to give, by the simplest means.
func naiveLines(in []byte, limit int) (lines []string) {
	parts := strings.SplitAfter(string(in), "\n")
	before := "\r\n"
	for _, raw := range parts[:len(parts)-1] {
		line := strings.TrimSuffix(strings.TrimSuffix(raw, "\n"), "\r")
		switch {
		case len(line) > limit:
			lines = append(lines, "!"+ErrLineTooLong.Error())
		case strings.Contains(line, "\x00"):
			lines = append(lines, "!"+ErrNUL.Error())
		case !strings.HasSuffix(raw, "\r\n") || !strings.HasSuffix(before, "\r\n"):
			lines = append(lines, "!"+ErrBareLF.Error())
		case strings.Contains(line, "\r"):
			lines = append(lines, "!"+ErrBareCR.Error())
		default:
			lines = append(lines, line)
		}
		before = raw
	}
	if parts[len(parts)-1] != "" {
		return append(lines, "!"+io.ErrUnexpectedEOF.Error())
	}
	return append(lines, "!"+io.EOF.Error())
}
