package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "name")
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	for _, want := range []string{"first", "", "second text"} {
		if err := WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); string(got) != want || err != nil {
			t.Errorf("the file holds %q, %v; want %q", got, err, want)
		}
	}
	if st, _ := os.Stat(name); st.Mode() != 0o644 {
		t.Errorf("mode %v, want 0644", st.Mode())
	}
	if got := listing(t, dir); !slices.Equal(got, []string{"name"}) {
		t.Errorf("folder holds %q, want one name", got)
	}
}

func TestWriteFileReplacesLink(t *testing.T) {
	dir := t.TempDir()
	target, name := filepath.Join(dir, "target"), filepath.Join(dir, "name")
	os.WriteFile(target, []byte("keep"), 0o600)
	os.Symlink(target, name)
	if err := WriteFile(name, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(target); string(got) != "keep" {
		t.Errorf("the link's target holds %q, want what it held", got)
	}
	if st, _ := os.Lstat(name); !st.Mode().IsRegular() {
		t.Errorf("name is %v, want a regular file", st.Mode())
	}
}

func TestWriteFileErrors(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "taken"), 0o700)
	os.WriteFile(filepath.Join(dir, "taken", "x"), nil, 0o600)
	if err := WriteFile(filepath.Join(dir, "taken"), nil, 0o600); err == nil {
		t.Error("WriteFile replaced a folder")
	}
	if err := WriteFile(filepath.Join(dir, "none", "x"), nil, 0o600); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("WriteFile in no folder = %v, want that it does not exist", err)
	}
	if got := listing(t, dir); !slices.Equal(got, []string{"taken"}) {
		t.Errorf("folder holds %q, want what was there", got)
	}
}

func TestOpenRegular(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if f, err := OpenRegular(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		t.Fatal(err)
	} else {
		f.WriteString("text")
		f.Close()
	}
	tests := []struct {
		name  string
		plant func(name string) error
		want  error
	}{
		{"fifo", func(n string) error { return syscall.Mkfifo(n, 0o600) }, ErrNotRegular},
		{"folder", func(n string) error { return os.Mkdir(n, 0o700) }, ErrNotRegular},
		{"nothing", func(string) error { return nil }, os.ErrNotExist},
	}
	for _, tt := range tests {
		name := filepath.Join(dir, tt.name)
		if err := tt.plant(name); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenRegular(name, os.O_RDONLY, 0); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if _, err := OpenConfig(name); !errors.Is(err, tt.want) {
			t.Errorf("OpenConfig of %s: %v, want %v", tt.name, err, tt.want)
		}
	}
	link := filepath.Join(dir, "link")
	os.Symlink(file, link)
	if f, err := OpenConfig(link); err != nil {
		t.Error(err)
	} else {
		f.Close()
	}
	if f, err := OpenRegular(link, os.O_RDONLY, 0); err == nil {
		f.Close()
		t.Error("OpenRegular followed a link")
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".mail", ".tmp.0.a", ".tmp.1.a", "mail"} {
		os.WriteFile(filepath.Join(dir, name), nil, 0o600)
	}
	os.Mkdir(filepath.Join(dir, ".tmp.folder"), 0o700)
	now := time.Now()
	hourAgo := now.Add(-time.Hour)
	for _, name := range []string{".mail", ".tmp.1.a", ".tmp.folder", "mail"} {
		os.Chtimes(filepath.Join(dir, name), hourAgo, hourAgo)
	}
	if err := Sweep(dir, time.Minute, now); err != nil {
		t.Fatal(err)
	}
	if got, want := listing(t, dir), []string{".mail", ".tmp.0.a", ".tmp.folder", "mail"}; !slices.Equal(got, want) {
		t.Errorf("after Sweep: %q, want %q", got, want)
	}
}
