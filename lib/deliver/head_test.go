package deliver

import (
	"strings"
	"testing"
)

func TestHead(t *testing.T) {
	long := "X: " + strings.Repeat("x", 70<<10) + "\n"
	tests := []struct{ name, in, want string }{
		{"Return-Path goes", "A: b\nReturn-Path: <x>\nC: d\n\nbody\n", "A: b\nC: d\n\nbody\n"},
		{"with its continuation", "return-path: <x>\n (more)\n\tmore\nC: d\n\n", "C: d\n\n"},
		{"each of them", "Return-Path:\nReturn-path : x\n\n", "\n"},
		{"not in the body", "A: b\n\nReturn-Path: <x>\n", "A: b\n\nReturn-Path: <x>\n"},
		{"not another field", "Return-Path-X: x\nX-Return-Path: y\nReturn-Path\n\n", "Return-Path-X: x\nX-Return-Path: y\nReturn-Path\n\n"},
		{"no body", "A: b\nReturn-Path: x\n", "A: b\n"},
		{"no line end", "A: b\nReturn-Path: x", "A: b\n"},
		{"no header", "\nReturn-Path: x\n", "\nReturn-Path: x\n"},
		{"empty", "", ""},
		{"a long header", long + "Return-Path: x\n" + long + "\nbody\n", long + long + "\nbody\n"},
	}
	for _, tt := range tests {
		for _, n := range []int{1, 3, 1 << 20} {
			var b strings.Builder
			h := newHead(&b, 100)
			for in := tt.in; in != ""; in = in[min(n, len(in)):] {
				if _, err := h.Write([]byte(in[:min(n, len(in))])); err != nil {
					t.Fatal(err)
				}
			}
			if err := h.Close(); err != nil || b.String() != tt.want {
				t.Errorf("%s, %d octets a time: got %.200q, %v, want %.200q", tt.name, n, b.String(), err, tt.want)
			}
		}
	}
}

func FuzzHead(f *testing.F) {
	f.Add("A: b\nReturn-Path: <x>\n y\n\nbody\n", 3)
	f.Add("\n\n", 1)
	f.Add("Return-Path: x", 5)
	f.Fuzz(func(t *testing.T, text string, n int) {
		if n < 1 {
			return
		}
		filter := func(n int) string {
			var b strings.Builder
			h := newHead(&b, 1<<20)
			for in := text; in != ""; in = in[min(n, len(in)):] {
				h.Write([]byte(in[:min(n, len(in))]))
			}
			h.Close()
			return b.String()
		}
		whole := filter(1 << 20)
		if pieces := filter(n); pieces != whole {
			t.Errorf("%q in pieces of %d: got %q, want %q", text, n, pieces, whole)
		}
		_, body, _ := strings.Cut("\n"+text, "\n\n")
		if !strings.HasSuffix(whole, body) {
			t.Errorf("%q: body lost in %q", text, whole)
		}
	})
}
