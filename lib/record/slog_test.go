package record

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// byTextHandler is the record as log/slog's text handler writes it.
func byTextHandler(r *Record) string {
	var buf bytes.Buffer
	h := slog.NewTextHandler(&buf, nil)
	line := slog.NewRecord(time.Time{}, 0, "", 0)
	for name, value := range r.All() {
		line.AddAttrs(slog.String(name, value))
	}
	h.Handle(context.Background(), line)
	return strings.TrimPrefix(strings.TrimSuffix(buf.String(), "\n"), `level=INFO msg="" `)
}

func TestLineIsSlogs(t *testing.T) {
	values := []string{"", "a", "a b", "a=b", `a"b`, `a\b`, `\`, "\n", "\x00", "\x7f", "\xff", "é", "a\u00a0b",
		"\u2028", "\ufeff", "\ufffd", "日本", "<>&", "'", "a\tb", "\U0001f600", "\U0010ffff"}
	for c := range 256 {
		values = append(values, string([]byte{byte(c)}), string(rune(c)))
	}
	for _, v := range values {
		r := Of("sender", v, "size", "1")
		if got, want := r.String(), byTextHandler(&r); got != want {
			t.Errorf("%q: got %s, slog has %s", v, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"", "a", `a="b"`, "x y", "\xff\x00", `\`, "\u2028é"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		r := Of("sender", a, "helo_name", b)
		line := r.AppendLine(nil)
		if got, want := string(line), byTextHandler(&r); got != want {
			t.Fatalf("got %s, slog has %s", got, want)
		}
		back, err := ParseLine(line)
		if err != nil || back.Len() != 2 || back.Value("sender") != a || back.Value("helo_name") != b {
			t.Fatalf("%s came back as %s, %v", line, back.String(), err)
		}
	})
}

// Whatever can be read is read the same after it has been written.
func FuzzParseLine(f *testing.F) {
	for _, s := range []string{"a=1 b=2", `a="x y" b=`, "word", `a="\xff"`, `a="`, "a=1 a=2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := ParseLine(line)
		if err != nil {
			return
		}
		written := r.AppendLine(nil)
		again, err := ParseLine(written)
		if err != nil || again.String() != string(written) {
			t.Fatalf("%q: written as %s, read as %s, %v", line, written, again.String(), err)
		}
	})
}
