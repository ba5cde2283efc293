package main

import (
	"strings"
	"testing"
)

// The log says what was done with a message, whoever has to be told of it.
func TestVerdict(t *testing.T) {
	tests := []struct{ notify, local, want string }{
		{"", "ok", "verdict=accept"},
		{"SUCCESS", "ok", "verdict=accept"},
		{"", "no", "verdict=reject"},
		{"NEVER", "no", "verdict=reject"},
		{"", "busy", "verdict=defer"},
	}
	for _, tt := range tests {
		b := newBench(t)
		b.addWith(t, anyone, tt.notify, tt.local)
		b.do(t, &config{})
		if got := b.log.String(); strings.Count(got, "verdict=") != 1 || !strings.Contains(got, tt.want) {
			t.Errorf("NOTIFY=%s, %s: logged %q, want %s", tt.notify, tt.local, got, tt.want)
		}
	}
}
