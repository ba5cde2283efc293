package plot

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"postern/lib/e2e"
)

// TestTerminal: a terminal is drawn on with text, as wide as it is, unless
// something else is asked for.
func TestTerminal(t *testing.T) {
	_, tty := e2e.Terminal(t)
	getenv := func(name string) string { return map[string]string{"COLUMNS": "132"}[name] }
	for _, tt := range []struct {
		columns uint16
		want    int
	}{{0, 132}, {47, 47}, {3, 20}} {
		if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: tt.columns}); err != nil {
			t.Fatal(err)
		}
		if got := ScreenOf(tty, getenv).Columns; got != tt.want {
			t.Errorf("a terminal of %d columns: got %d, want %d", tt.columns, got, tt.want)
		}
	}
	for value, want := range map[string]bool{"": true, "text": true, "svg": false} {
		var o Option
		if err := o.Set(value); err != nil || o.IsText(tty) != want {
			t.Errorf("%q: %v, %v", value, err, o.IsText(tty))
		}
	}
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if o := (Option{On: true}); o.IsText(file) {
		t.Error("a file is taken for a terminal")
	}
}
