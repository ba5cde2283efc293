package safefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSource(t *testing.T) {
	name := filepath.Join(t.TempDir(), "list")
	now := time.Now()
	parsed := 0
	s := Source[string]{Path: name, Max: 10, Now: func() time.Time { return now }}
	s.Parse = func(_ string, text []byte) (string, error) { parsed++; return string(text), nil }
	tests := []struct {
		text   string
		mode   os.FileMode
		later  time.Duration
		want   string
		err    string
		parsed int
	}{
		{"", 0, 0, "", "", 0}, // no file
		{"one", 0o644, 0, "", "", 0},
		{"one", 0o644, 2 * time.Second, "one", "", 1},
		{"one", 0o644, 2 * time.Second, "one", "", 1}, // as it was
		{"three", 0o644, 2 * time.Second, "three", "", 2},
		{"eleven octets", 0o644, 2 * time.Second, "", "larger than 10 octets", 2},
		{"four", 0o646, 2 * time.Second, "", "others may write it", 2},
		{"four", 0o644, 0, "", "others may write it", 2},
		{"four", 0o644, 2 * time.Second, "four", "", 3},
		{"ten octets", 0o644, 2 * time.Second, "ten octets", "", 4},
		{"", 0, 2 * time.Second, "", "", 4}, // gone
		{"eleven octets", 0o644, 2 * time.Second, "", "larger than 10 octets", 4},
		{"", 0, 2 * time.Second, "", "", 4}, // gone
	}
	stamp := now
	for i, tt := range tests {
		now = now.Add(tt.later)
		if tt.mode == 0 {
			os.Remove(name)
		} else if old, err := os.ReadFile(name); err != nil || string(old) != tt.text {
			os.WriteFile(name, []byte(tt.text), tt.mode)
			os.Chtimes(name, stamp, stamp)
		}
		stamp = stamp.Add(time.Second)
		if tt.mode != 0 {
			os.Chmod(name, tt.mode)
		}
		got, err := s.Load()
		if got != tt.want || parsed != tt.parsed || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%d: got %q, %v, parsed %d times; want %q, %q, %d", i, got, err, parsed, tt.want, tt.err, tt.parsed)
		}
	}
}
