package smtp

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// checkChunks sends in as chunks that end at the cuts, each followed by a
// command line, and compares with the naive way.
func checkChunks(t *testing.T, in []byte, cuts []int, sizes ...int) {
	t.Helper()
	var wire []byte
	var lens []int
	last := 0
	for _, cut := range append(cuts, len(in)) {
		cut = min(max(cut, last), len(in))
		wire = append(append(wire, in[last:cut]...), "NOOP\r\n"...)
		lens = append(lens, cut-last)
		last = cut
	}
	o := TextOptions{MaxLine: 60}
	var st ChunkState
	var out strings.Builder
	r := NewReader(pieces(wire, sizes...))
	for _, n := range lens {
		if err := r.Chunk(&out, int64(n), &st, o); err != nil {
			t.Fatalf("%s cut at %v: %v", abbreviate(in), cuts, err)
		}
		if line, err := r.Line(100); string(line) != "NOOP" || err != nil {
			t.Fatalf("%s cut at %v: behind a chunk %q, %v", abbreviate(in), cuts, line, err)
		}
	}
	st.Finish(&out, o)
	wantOut := strings.ReplaceAll(string(in), "\r\n", "\n")
	want := naiveResult(string(in), wantOut, o)
	if wantOut != "" && !strings.HasSuffix(wantOut, "\n") {
		wantOut += "\n"
		want.Lines++
		want.Size += 2
	}
	if out.String() != wantOut {
		t.Errorf("%s cut at %v: wrote %s, want %s", abbreviate(in), cuts, abbreviate([]byte(out.String())), abbreviate([]byte(wantOut)))
	}
	if st.TextResult != want {
		t.Errorf("%s cut at %v: got %+v, want %+v", abbreviate(in), cuts, st.TextResult, want)
	}
}

func TestChunk(t *testing.T) {
	ins := append([]string{"a\r\nb\r\n", "a\r\n.\r\nb", "a\r", "\r", "\n", "\r\n", "a\rb\nc\r\n\r\n"}, tricky...)
	for _, in := range ins {
		for i := range len(in) + 1 {
			for j := i; j <= len(in); j++ {
				checkChunks(t, []byte(in), []int{i, j})
				checkChunks(t, []byte(in), []int{i, j}, 1)
			}
		}
	}
	for _, border := range []int{smallBuffer, firstBuffer, largeBuffer} {
		xs := bytes.Repeat([]byte("x"), border)
		for n := border - 4; n <= border; n++ {
			for _, in := range ins {
				checkChunks(t, append(xs[:n:n], in...), []int{border})
			}
		}
	}
}

func TestChunkTruncated(t *testing.T) {
	var st ChunkState
	r := NewReader(strings.NewReader("abc"))
	if err := r.Chunk(io.Discard, 4, &st, TextOptions{}); err != io.ErrUnexpectedEOF {
		t.Errorf("got %v, want unexpected EOF", err)
	}
}

func TestDiscard(t *testing.T) {
	const size = 10 << 20
	r := NewReader(endless(size, "RSET\r\n"))
	used := allocated(func() {
		if err := r.Discard(size); err != nil {
			t.Error(err)
		}
	})
	if line, err := r.Line(100); string(line) != "RSET" || err != nil {
		t.Errorf("behind it %q, %v", line, err)
	}
	if used > 1<<20 {
		t.Errorf("took %d octets of memory", used)
	}
	if err := r.Discard(1); err != io.ErrUnexpectedEOF {
		t.Errorf("at the end: got %v, want unexpected EOF", err)
	}
}

func FuzzChunk(f *testing.F) {
	for _, in := range tricky {
		f.Add([]byte(in), uint16(1), uint16(2), uint16(0), uint8(3))
	}
	f.Add([]byte("\r\n"), uint16(smallBuffer), uint16(smallBuffer+1), uint16(smallBuffer-1), uint8(0))
	f.Fuzz(func(t *testing.T, in []byte, a, b, pad uint16, size uint8) {
		in = append(bytes.Repeat([]byte("p"), int(pad)), in...)
		checkChunks(t, in, []int{int(a), int(b)}, int(size))
	})
}
