package maildir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"postern/lib/safefile"
)

func TestCreateAndStat(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bob")
	if _, err := Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("before Create: got %v, want fs.ErrNotExist", err)
	}
	for range 2 { // the second time nothing is left to do
		if err := Create(path + "/"); err != nil {
			t.Fatal(err)
		}
	}
	info, err := Stat(path + "/")
	if err != nil || info.Owner != os.Geteuid() {
		t.Errorf("got %+v, %v, want owner %d", info, err, os.Geteuid())
	}
	for _, dir := range []string{"tmp", "new", "cur"} {
		if fi, err := os.Lstat(filepath.Join(path, dir)); err != nil || fi.Mode() != fs.ModeDir|0o700 {
			t.Errorf("%s: got %v, %v", dir, fi, err)
		}
	}
}

func TestStatUnsafe(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good")
	if err := Create(good); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		plant func(path string) error
		want  error
	}{
		{"link to a Maildir", func(p string) error { return os.Symlink(good, p) }, ErrUnsafe},
		{"link as new", func(p string) error {
			return errors.Join(os.Mkdir(p, 0o700), os.Symlink(good+"/new", p+"/new"))
		}, ErrUnsafe},
		{"file", func(p string) error { return os.WriteFile(p, nil, 0o600) }, syscall.ENOTDIR},
		{"no new", func(p string) error { return os.Mkdir(p, 0o700) }, fs.ErrNotExist},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "box")
			if err := tt.plant(path); err != nil {
				t.Fatal(err)
			}
			if _, err := Stat(path); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestName(t *testing.T) {
	now := time.Unix(1795262400, 42000)
	form := regexp.MustCompile(`^1795262400\.M000042P[0-9]+R[0-9a-f]{16}\.(.+)$`)
	tests := []struct{ host, want string }{
		{"mx.example.org", "mx.example.org"},
		{"", "localhost"},
		{"a/b:2", `a\057b\0722`},
		{"a b\n", "a_b_"},
	}
	seen := make(map[string]bool)
	for _, tt := range tests {
		name := Name(now, tt.host, "")
		m := form.FindStringSubmatch(name)
		if m == nil || m[1] != tt.want {
			t.Errorf("host %q: got name %q, want it to end in %q", tt.host, name, tt.want)
		}
		if seen[name] || strings.ContainsAny(name, "/:") {
			t.Errorf("bad name %q", name)
		}
		seen[name] = true
	}
}

func TestCommit(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, path := range []string{a, b} {
		if err := Create(path); err != nil {
			t.Fatal(err)
		}
	}
	d := safefile.NewDraft(New(a), 1<<10)
	defer d.Discard()
	d.Write([]byte("text\n"))
	names, err := Commit(d, time.Now(), "host", "", a, b+"/")
	if err != nil || len(names) != 2 {
		t.Fatalf("got %q, %v", names, err)
	}
	first, err1 := os.Stat(names[0])
	second, err2 := os.Stat(names[1])
	if err1 != nil || err2 != nil || !os.SameFile(first, second) {
		t.Errorf("%q are not one file: %v, %v", names, err1, err2)
	}
}

func TestCommitAllOrNone(t *testing.T) {
	dir := t.TempDir()
	a := filepath.Join(dir, "a")
	if err := Create(a); err != nil {
		t.Fatal(err)
	}
	d := safefile.NewDraft(New(a), 1<<10)
	defer d.Discard()
	d.Write([]byte("text\n"))
	if _, err := Commit(d, time.Now(), "host", "", a, filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
	if left, err := os.ReadDir(New(a)); err != nil || len(left) != 0 {
		t.Errorf("left in the Maildir: %v, %v", left, err)
	}
}

func TestHas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bob")
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	d := safefile.NewDraft(New(path), 1<<10)
	defer d.Discard()
	names, err := Commit(d, time.Now(), "host", "abc", path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(where string) {
		for id, want := range map[string]bool{"abc": true, "ab": false, "bc": false, "abcd": false} {
			if got, err := Has(path, id); got != want || err != nil {
				t.Errorf("%s, %q: got %v, %v, want %v", where, id, got, err, want)
			}
		}
	}
	check("new")
	if err := os.Rename(names[0], path+"/cur/"+filepath.Base(names[0])+":2,S"); err != nil {
		t.Fatal(err)
	}
	check("seen")
}
