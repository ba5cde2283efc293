package smtp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// naiveText says what Text has to do, by the simplest means, on the whole
// input at once: what is written, what is noted, what is left on the wire.
func naiveText(in []byte, o TextOptions) (out string, res TextResult, rest string, ended bool) {
	wire := "\r\n" + string(in) // the CRLF of DATA itself
	text, rest, ended := strings.Cut(wire, "\r\n.\r\n")
	if !ended {
		return "", TextResult{}, "", false
	}
	text = strings.ReplaceAll(text+"\r\n", "\r\n.", "\r\n")
	text = strings.TrimPrefix(text, "\r\n")
	out = strings.ReplaceAll(text, "\r\n", "\n")
	return out, naiveResult(text, out, o), rest, true
}

// naiveResult notes what there is to note about a text with CRLF that is
// written as out.
func naiveResult(text, out string, o TextOptions) TextResult {
	res := TextResult{
		Size:   int64(len(text)),
		Lines:  int64(strings.Count(out, "\n")),
		BareCR: strings.Contains(out, "\r"),
		BareLF: strings.Count(text, "\n") > strings.Count(text, "\r\n"),
		NUL:    strings.Contains(text, "\x00"),
	}
	for i := range len(text) {
		res.EightBit = res.EightBit || text[i] >= 0x80
	}
	for line := range strings.SplitSeq(out, "\n") {
		res.LongLine = res.LongLine || o.MaxLine > 0 && len(line) > o.MaxLine
	}
	return res
}

// checkText compares Text with naiveText.
func checkText(t *testing.T, in []byte, sizes ...int) {
	t.Helper()
	o := TextOptions{MaxLine: 60}
	wantOut, want, wantRest, ended := naiveText(in, o)
	var out strings.Builder
	r := NewReader(pieces(in, sizes...))
	got, err := r.Text(&out, o)
	if !ended {
		if err != io.ErrUnexpectedEOF {
			t.Errorf("%s: err %v, want unexpected EOF", abbreviate(in), err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", abbreviate(in), err)
		return
	}
	if out.String() != wantOut {
		t.Errorf("%s in pieces %v: wrote %s, want %s", abbreviate(in), sizes, abbreviate([]byte(out.String())), abbreviate([]byte(wantOut)))
	}
	if got != want {
		t.Errorf("%s in pieces %v: got %+v, want %+v", abbreviate(in), sizes, got, want)
	}
	rest, _ := io.ReadAll(io.MultiReader(bytes.NewReader(r.buf[r.pos:r.end]), r.src))
	if string(rest) != wantRest {
		t.Errorf("%s in pieces %v: left %s, want %s", abbreviate(in), sizes, abbreviate(rest), abbreviate([]byte(wantRest)))
	}
}

// abbreviate quotes b, leaving its middle out.
func abbreviate(b []byte) string {
	if len(b) <= 100 {
		return fmt.Sprintf("%q", b)
	}
	return fmt.Sprintf("%q...(%d)...%q", b[:30], len(b), b[len(b)-60:])
}

// tricky are the sequences on which servers have disagreed.
var tricky = []string{
	".\r\n", "\r\n.\r\n", "a\r\n.\r\n", "a\r\n.\r\nQUIT\r\n",
	"a\n.\nb\r\n.\r\n", "a\n.\r\nb\r\n.\r\n", "a\r\n.\nb\r\n.\r\n", "a\r.\rb\r\n.\r\n", "a\r.\r\nb\r\n.\r\n",
	"a\r\n.\r\r\nb\r\n.\r\n", "a\r\r\n.\r\nb\r\n.\r\n", "a\r\n\r.\r\nb\r\n.\r\n", "a\r\n.\rb\r\n.\r\n",
	"a\r\n..\r\nb\r\n.\r\n", "..\r\n.\r\n", "...\r\n.\r\n", "a\r\n.b\r\n.\r\n", "a\r\n..b\r\n.\r\n", ".a\r\n.\r\n",
	"a\n..b\r\n.\r\n", "a\r\n.\x00\r\n.\r\n", "a\x00b\r\n.\r\n", "\xff\r\n.\r\n", "\r\r\r\n.\r\n", "\n\n\n\r\n.\r\n",
	"a\r\n.\r", "a\r\n.", "a\r\n", "a", "", "a\n.\n", "\r\n..\r\n..\r\n.\r\n.\r\n",
}

func TestText(t *testing.T) {
	for _, in := range tricky {
		for _, sizes := range [][]int{nil, {1}, {2}, {3}, {1, 2}, {4, 1}} {
			checkText(t, []byte(in), sizes...)
		}
		for n := range len(in) {
			checkText(t, []byte(in), n, len(in))
		}
	}
}

// Each tricky sequence lies across each border of the buffers, behind lines
// and behind one long line.
func TestTextBorders(t *testing.T) {
	borders := []int{longTail, smallBuffer, firstBuffer, largeBuffer, 2 * largeBuffer}
	for _, border := range borders {
		lines := bytes.Repeat([]byte("0123456789abcde\r\n"), border/17+2)
		xs := bytes.Repeat([]byte("x"), border+16)
		for _, in := range tricky {
			for n := border - 8; n <= border+2; n++ {
				checkText(t, append(append(lines[:n:n], "\r\n"...), in...))
				checkText(t, append(lines[:n:n], in...))
				checkText(t, append(xs[:n:n], in...))
				checkText(t, append(append([]byte("\r\n."), xs[:n]...), in...), border)
			}
		}
	}
}

func TestTextLF(t *testing.T) {
	tests := []struct{ in, want, rest string }{
		{"a\n.\nb", "a\n", "b"},
		{"a\r\n.\r\nb", "a\n", "b"},
		{"..a\n.b\n.\n", ".a\nb\n", ""},
		{".\n", "", ""},
	}
	for _, tt := range tests {
		r := NewReader(strings.NewReader(tt.in))
		r.LF = true
		var out strings.Builder
		res, err := r.Text(&out, TextOptions{})
		if err != nil || out.String() != tt.want || res.BareLF {
			t.Errorf("%q: wrote %q, %+v, %v; want %q", tt.in, &out, res, err, tt.want)
		}
		if got := string(r.buf[r.pos:r.end]); got != tt.rest {
			t.Errorf("%q: left %q, want %q", tt.in, got, tt.rest)
		}
	}
}

func TestTextTooBig(t *testing.T) {
	for _, tt := range []struct {
		max  int64
		want bool
	}{{0, false}, {5, false}, {4, true}} {
		r := NewReader(strings.NewReader("abc\r\n.\r\nRSET\r\n"))
		var out strings.Builder
		res, err := r.Text(&out, TextOptions{MaxSize: tt.max})
		if err != nil || res.TooBig != tt.want || (out.Len() == 0) != tt.want {
			t.Errorf("limit %d: got %+v, %v, wrote %q", tt.max, res, err, &out)
		}
		if line, err := r.Line(100); string(line) != "RSET" || err != nil {
			t.Errorf("limit %d: behind it %q, %v", tt.max, line, err)
		}
	}
}

func TestTextWriteError(t *testing.T) {
	full := errors.New("disk full")
	calls := 0
	w := writeFunc(func(b []byte) (int, error) { calls++; return 0, full })
	in := strings.Repeat(strings.Repeat("z", 70)+"\r\n", 5000) + ".\r\nRSET\r\n"
	r := NewReader(strings.NewReader(in))
	res, err := r.Text(w, TextOptions{})
	if err != nil || !errors.Is(res.WriteErr, full) || calls != 1 {
		t.Errorf("got %v, %v, %d calls", res.WriteErr, err, calls)
	}
	if line, err := r.Line(100); string(line) != "RSET" || err != nil {
		t.Errorf("behind it %q, %v", line, err)
	}
}

type writeFunc func([]byte) (int, error)

func (f writeFunc) Write(b []byte) (int, error) { return f(b) }

func FuzzText(f *testing.F) {
	for _, in := range tricky {
		f.Add([]byte(in), uint16(1), uint16(5), uint16(0))
		f.Add([]byte(in), uint16(2000), uint16(3), uint16(longTail-2))
	}
	f.Fuzz(func(t *testing.T, in []byte, a, b, pad uint16) {
		in = append(bytes.Repeat([]byte("p"), int(pad)), in...)
		checkText(t, in, int(a), int(b))
	})
}

func BenchmarkText(b *testing.B) {
	line := strings.Repeat("The quick brown fox ", 4)[:74] + "\r\n"
	for name, message := range map[string]string{
		"4KiB":  strings.Repeat(line, 4096/len(line)) + ".\r\n",
		"20MiB": strings.Repeat(line, 20<<20/len(line)) + ".\r\n",
		"short": strings.Repeat("short line\r\n", 1<<20/12) + ".\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(message)))
			b.ReportAllocs()
			for b.Loop() {
				r := NewReader(strings.NewReader(message))
				if _, err := r.Text(io.Discard, TextOptions{MaxSize: 1 << 30, MaxLine: MaxTextLine}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
