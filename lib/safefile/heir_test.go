package safefile_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"postern/lib/e2e"
	"postern/lib/safefile"
)

// ownerOf is the user that a file, or a link itself, belongs to.
func ownerOf(t *testing.T, name string) int {
	t.Helper()
	fi, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	return int(fi.Sys().(*syscall.Stat_t).Uid)
}

func TestInherit(t *testing.T) {
	dir := e2e.ForeignDir(t)
	tests := []struct {
		name string
		make func(name string) error
		want int // owner
	}{
		{"folder", func(name string) error { return os.Mkdir(name, 0o700) }, e2e.Foreigner},
		{"of somebody", func(name string) error { os.Mkdir(name, 0o700); return os.Chown(name, 1, 1) }, 1},
		{"file", func(name string) error { return os.WriteFile(name, nil, 0o600) }, 0},
		{"link", func(name string) error { return os.Symlink(t.TempDir(), name) }, 0},
	}
	for _, tt := range tests {
		name := filepath.Join(dir, tt.name)
		if err := tt.make(name); err != nil {
			t.Fatal(err)
		}
		if err := safefile.Inherit(name + "/"); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := ownerOf(t, name); got != tt.want {
			t.Errorf("%s belongs to %d, want %d", tt.name, got, tt.want)
		}
	}
	if err := safefile.Inherit(filepath.Join(dir, "none")); !os.IsNotExist(err) {
		t.Errorf("of no folder: %v", err)
	}
}

func TestMakeOnce(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key")
	for _, data := range []string{"first", "second"} {
		if err := safefile.MakeOnce(name, []byte(data), 0o600); err != nil {
			t.Errorf("%s: %v", data, err)
		}
	}
	got, err := os.ReadFile(name)
	fi, e := os.Stat(name)
	if err != nil || e != nil || string(got) != "first" || fi.Mode() != 0o600 {
		t.Errorf("got %q, %v, %v, %v", got, fi, err, e)
	}
	if err := safefile.MakeOnce(filepath.Join(name, "key"), nil, 0o600); err == nil {
		t.Error("made a file where there is no folder")
	}
}
