package sysexits

import (
	"strconv"
	"testing"
)

func TestName(t *testing.T) {
	tests := []struct {
		status int
		want   string
	}{
		{0, "EX_OK"}, {64, "EX_USAGE"}, {72, "EX_OSFILE"}, {75, "EX_TEMPFAIL"},
		{78, "EX_CONFIG"}, {1, "1"}, {79, "79"}, {-1, "-1"},
	}
	for _, tt := range tests {
		if got := Name(tt.status); got != tt.want {
			t.Errorf("Name(%d) = %q, want %q", tt.status, got, tt.want)
		}
	}
}

func TestNamesAreDistinct(t *testing.T) {
	seen := make(map[string]int)
	for status := Usage; status <= Config; status++ {
		name := Name(status)
		if name == strconv.Itoa(status) {
			t.Errorf("status %d has no name", status)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("%d and %d are both %s", other, status, name)
		}
		seen[name] = status
	}
}
