package main

import (
	"strings"
	"testing"

	"postern/lib/plot"
)

// TestWhy: why a path ends is said wherever its end is shown, and nowhere else.
func TestWhy(t *testing.T) {
	for _, tt := range []struct {
		path string
		hops int
		want string
	}{
		{"10.0.0.1/1 10.0.0.2/2 blocked", 0, "no way beyond"},
		{"10.0.0.1/1 10.0.0.2/2 blocked", 1, ""},
		{"10.0.0.1/1 10.0.0.2/2 blocked", 2, ""},
		{"10.0.0.1/1 10.0.0.2/2 blocked", 5, "no way beyond"},
		{"10.0.0.1/1 10.0.0.2/2 silent", 5, "no answer beyond"},
		{"10.0.0.1/1 10.0.0.2/2 loop", 5, "a loop beyond"},
		{"10.0.0.1/1 10.0.0.2/2 blocked", -1, "no way beyond"},
		{"10.0.0.1/1 192.0.2.7/2", 5, ""},
	} {
		r := result{Path: path(t, tt.path), hops: tt.hops}
		for form, got := range map[string]string{
			"text":    r.Text(),
			"drawing": strings.TrimRight(text(t, tt.hops, plot.Screen{Columns: 80}, tt.path), "\n"),
		} {
			last := strings.TrimSpace(got[strings.LastIndexByte(got, '\n')+1:])
			if said := strings.HasSuffix(last, " beyond"); said != (tt.want != "") || said && last != tt.want {
				t.Errorf("%s of %q, %d hops, ends with %q, want %q", form, tt.path, tt.hops, last, tt.want)
			}
		}
	}
}
