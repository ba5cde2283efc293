package main

import (
	"slices"
	"strings"
	"testing"
)

func TestParseStyle(t *testing.T) {
	for _, c := range []struct {
		line string
		want string // what would make it, or what is wrong
	}{
		{"*.Example.ORG ve", "*.example.org ve"},
		{"x ve 1", "x ve 2"},
		{"x !", "x !"},
		{"x !go  away now", "x !go away now"},
		{"x strict 7", "x strict 7"},
		{"x", "wants a pattern and flags"},
		{"[ ve", `"[" is not a pattern`},
		{"x vq", `"vq" is neither letters of ftveRSFTDh-, nor strict, nor sloppy`},
		{"x ve y", `"y" is not a load`},
		{"x ve 7 8", `"7 8" is not a load`},
	} {
		st, err := parseStyle(strings.Fields(c.line))
		got := strings.Join(st.words(), " ")
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.line, got, c.want)
		}
	}
}

// A style shows what makes it again.
func FuzzStyle(f *testing.F) {
	f.Add("*.example", "!no  mail", "")
	f.Add("[a-", "veR", "7")
	f.Fuzz(func(t *testing.T, pattern, flags, load string) {
		args := []string{pattern, flags}
		if load != "" {
			args = append(args, load)
		}
		st, err := parseStyle(args)
		if err != nil {
			return
		}
		again, err := parseStyle(st.words())
		if err != nil || !slices.Equal(again.words(), st.words()) {
			t.Errorf("%q makes %q, which makes %q, %v", args, st.words(), again.words(), err)
		}
	})
}
