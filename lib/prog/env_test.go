package prog

import (
	"os"
	"slices"
	"testing"
)

func TestInherit(t *testing.T) {
	t.Setenv("TZ", "UTC")
	t.Setenv("LANG", "")
	t.Setenv("TMPDIR", "") // put back behind the test, whatever it was
	os.Unsetenv("TMPDIR")
	got := Inherit([]string{SearchPath}, "TZ", "TMPDIR", "LANG")
	want := []string{SearchPath, "TZ=UTC", "LANG="}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
