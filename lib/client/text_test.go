package client

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"postern/lib/smtp"
)

// encodeIn encodes text in pieces of n octets.
func encodeIn(text string, n int) (string, error) {
	e := newEncoder(false)
	var out []byte
	var err error
	for len(text) > 0 && err == nil {
		piece := text[:min(n, len(text))]
		text = text[len(piece):]
		out, err = e.encode(out, []byte(piece))
	}
	if err == nil {
		out, err = e.end(out)
	}
	return string(out), err
}

func TestEncode(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ".\r\n"},
		{"a", "a\r\n.\r\n"},
		{"a\n", "a\r\n.\r\n"},
		{"a\n\nb\n", "a\r\n\r\nb\r\n.\r\n"},
		{".\n..\n.a\n", "..\r\n...\r\n..a\r\n.\r\n"},
		{".", "..\r\n.\r\n"},
		{"a\r\nb\r\n", "a\r\nb\r\n.\r\n"},
		{"\r\n.\r\n", "\r\n..\r\n.\r\n"},
	}
	for _, test := range tests {
		for _, n := range []int{1, 2, 3, 100} {
			if got, err := encodeIn(test.text, n); got != test.want || err != nil {
				t.Errorf("%q in pieces of %d: got %q, %v; want %q", test.text, n, got, err, test.want)
			}
		}
	}
	for _, text := range []string{"a\rb\n", "\r", "a\r\r\n", "\r\r\n", "a\n\r.\n"} {
		for _, n := range []int{1, 2, 3, 100} {
			if got, err := encodeIn(text, n); err != ErrBareCR {
				t.Errorf("%q in pieces of %d: got %q, %v; want ErrBareCR", text, n, got, err)
			}
		}
	}
}

func TestNewText(t *testing.T) {
	long := strings.Repeat("x", blockSize-1)
	tests := []struct {
		text string
		want Text
	}{
		{"", Text{}},
		{"a", Text{Size: 3}},
		{"a\n", Text{Size: 3}},
		{"a\r\nb\n", Text{Size: 6}},
		{"\n.\n", Text{Size: 5}},
		{"a\rb", Text{Size: 5, BareCR: true}},
		{"a\r", Text{BareCR: true, Size: 2}},
		{"a: ä\n\nb", Text{Size: 12, EightBit: true, EightBitHead: true}},
		{"a: b\n\nä", Text{Size: 12, EightBit: true}},
		{"a: b\r\n\r\nä", Text{Size: 12, EightBit: true}},
		{"\nä", Text{Size: 6, EightBit: true}},
		{"\r\nä", Text{Size: 6, EightBit: true}},
		{long + "\n\nä", Text{Size: blockSize + 7, EightBit: true}},
		{long + "\r\n\r\nä", Text{Size: blockSize + 7, EightBit: true}},
		{long + "\rä", Text{Size: blockSize + 4, EightBit: true, EightBitHead: true, BareCR: true}},
	}
	for _, test := range tests {
		got := *textOf(t, test.text)
		got.known, got.source, got.octets = false, nil, 0
		if got != test.want {
			t.Errorf("%.20q of %d octets: got %+v, want %+v", test.text, len(test.text), got, test.want)
		}
		var wire strings.Builder
		err := WriteText(&wire, strings.NewReader(strings.ReplaceAll(test.text, "\n.", "\n")))
		if got := int64(wire.Len()); !test.want.BareCR && got != test.want.Size && !strings.Contains(test.text, "\n.") {
			t.Errorf("%.20q: got %d octets on the wire, want %d", test.text, got, test.want.Size)
		}
		if errors.Is(err, ErrBareCR) != test.want.BareCR {
			t.Errorf("%.20q: got %v", test.text, err)
		}
	}
}

func TestTextTime(t *testing.T) {
	s := New(nil, Options{DataBlock: time.Minute})
	tests := []struct {
		size  int64
		since time.Duration
		want  time.Duration
	}{
		{0, 0, time.Minute},
		{blockSize, 0, time.Minute},
		{blockSize, 90 * time.Second, 34 * time.Second},
		{blockSize, time.Hour, -time.Hour + 124*time.Second},
		{100 * blockSize, time.Hour, time.Minute},
	}
	for _, test := range tests {
		if got := s.textTime(test.size, test.since); got != test.want {
			t.Errorf("%d octets in %s: got %s, want %s", test.size, test.since, got, test.want)
		}
	}
}

// FuzzEncode gives what is sent to the server's reader, which has to find the
// same text and nothing behind it.
func FuzzEncode(f *testing.F) {
	for _, text := range []string{"", "a\n", ".\n.\n", "a\r\n.\r\nb", "\r.\r\n", "x\n.\nMAIL FROM:<>\n"} {
		f.Add(text, 3)
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		wire, err := encodeIn(text, max(1, n))
		if err != nil {
			return
		}
		r := smtp.NewReader(strings.NewReader(wire + "QUIT\r\n"))
		var got bytes.Buffer
		if _, err := r.Text(&got, smtp.TextOptions{}); err != nil {
			t.Fatalf("%q as %q: %v", text, wire, err)
		}
		want := strings.ReplaceAll(text, "\r\n", "\n")
		if want != "" && !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
		if got.String() != want {
			t.Errorf("%q as %q: got %q", text, wire, got.String())
		}
		if line, err := r.Line(512); string(line) != "QUIT" || err != nil {
			t.Errorf("%q as %q: behind it %q, %v", text, wire, line, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	text := []byte(strings.Repeat(strings.Repeat("x", 71)+"\n", 8192))
	b.SetBytes(int64(len(text)))
	var out []byte
	for b.Loop() {
		e := newEncoder(false)
		in := bytes.NewReader(text)
		buf := make([]byte, blockSize)
		for {
			n, _ := io.ReadFull(in, buf)
			var err error
			if out, err = e.encode(out[:0], buf[:n]); err != nil || n < len(buf) {
				break
			}
		}
	}
}

// FuzzText wants what is known of a text to be true of what is sent.
func FuzzText(f *testing.F) {
	for _, text := range []string{"", "a\n", "a: b\r\n\r\n.\r\nb", "a\rb", "\r", "ä\n\nb", "\r\r\n", "0\x00", "\x00\nä"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		known := textOf(t, text)
		e := newEncoder(true)
		wire, err := e.encode(nil, []byte(text))
		if err == nil {
			wire, err = e.end(wire)
		}
		if (err != nil) != known.BareCR {
			t.Fatalf("%q: BareCR %v, and %v", text, known.BareCR, err)
		}
		if err == nil && int64(len(wire)) != known.Size {
			t.Errorf("%q: size %d, and %d octets", text, known.Size, len(wire))
		}
		head, _, _ := bytes.Cut(wire, []byte("\r\n\r\n"))
		if bytes.HasPrefix(wire, []byte("\r\n")) {
			head = nil
		}
		if err == nil && (known.EightBit != smtp.HasEightBit(wire) || known.EightBitHead != smtp.HasEightBit(head)) {
			t.Errorf("%q: %+v", text, known)
		}
	})
}
