package safefile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// text is n octets in which no two neighbouring parts are alike.
func text(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// listing is the names in dir.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// writeIn writes p in pieces of the given size.
func writeIn(t *testing.T, w io.Writer, p []byte, piece int) {
	t.Helper()
	for part := range slices.Chunk(p, piece) {
		if n, err := w.Write(part); n != len(part) || err != nil {
			t.Fatalf("Write = %d, %v; want %d", n, err, len(part))
		}
	}
}

func TestDraftKeepsText(t *testing.T) {
	tests := []struct {
		name                string
		size, memory, piece int
	}{
		{"empty", 0, 1 << 10, 1},
		{"in memory", 1000, 1 << 10, 100},
		{"just full", 1 << 10, 1 << 10, 256},
		{"one octet over", 1<<10 + 1, 1 << 10, 256},
		{"no memory", 5000, 0, 7},
		{"small writes to a file", 300_000, 4 << 10, 999},
		{"large writes to a file", 300_000, 4 << 10, 100_000},
		{"beyond the stage", 300_000, 256 << 10, 64 << 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			want := text(tt.size)
			d := NewDraft(dir, tt.memory)
			defer d.Discard()
			writeIn(t, d, want, tt.piece)
			if got := d.Size(); got != int64(tt.size) {
				t.Errorf("Size = %d, want %d", got, tt.size)
			}
			checkText(t, "before Commit", d, want)
			name := filepath.Join(dir, "name")
			if err := d.Commit(0o600, name); err != nil {
				t.Fatal(err)
			}
			checkText(t, "after Commit", d, want)
			got, err := os.ReadFile(name)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("the file has %d octets, %v; want %d", len(got), err, len(want))
			}
			if got := listing(t, dir); !slices.Equal(got, []string{"name"}) {
				t.Errorf("folder holds %q, want one name", got)
			}
		})
	}
}

// checkText reads a draft in the three ways there are.
func checkText(t *testing.T, when string, d *Draft, want []byte) {
	t.Helper()
	got, err := io.ReadAll(d.Reader())
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: Reader gives %d octets, %v; want %d", when, len(got), err, len(want))
	}
	for _, off := range []int{0, len(want) / 3, len(want)} {
		p := make([]byte, len(want)-off)
		if n, err := d.ReadAt(p, int64(off)); n != len(p) || (err != nil && err != io.EOF) || !bytes.Equal(p, want[off:]) {
			t.Errorf("%s: ReadAt(%d) = %d, %v", when, off, n, err)
		}
	}
	if n, err := d.ReadAt(make([]byte, 1), int64(len(want))); n != 0 || err != io.EOF {
		t.Errorf("%s: ReadAt at the end = %d, %v; want EOF", when, n, err)
	}
}

func TestDraftFile(t *testing.T) {
	for _, memory := range []int{0, 1 << 20} {
		dir := t.TempDir()
		want := text(100_000)
		d := NewDraft(dir, memory)
		writeIn(t, d, want[:60_000], 1000)
		for _, n := range []int{60_000, 100_000} { // it goes on after File
			writeIn(t, d, want[d.Size():n], 1000)
			f, err := d.File()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(f)
			if err != nil || !bytes.Equal(got, want[:n]) {
				t.Errorf("memory %d: File has %d octets, %v; want %d", memory, len(got), err, n)
			}
			f.Close()
		}
		d.Discard()
		if got := listing(t, dir); len(got) != 0 {
			t.Errorf("memory %d: Discard left %q", memory, got)
		}
	}
}

func TestFileAfterCommit(t *testing.T) {
	d := NewDraft(t.TempDir(), 100)
	defer d.Discard()
	io.WriteString(d, "text")
	if err := d.Commit(0o600, filepath.Join(d.dir, "a")); err != nil {
		t.Fatal(err)
	}
	f, err := d.File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, _ := io.ReadAll(f); string(got) != "text" {
		t.Errorf("File has %q, want text", got)
	}
}

func TestCommitNames(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	os.Mkdir(a, 0o700)
	os.Mkdir(b, 0o700)
	names := []string{filepath.Join(a, "1"), filepath.Join(b, "2"), filepath.Join(a, "3")}
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	for _, mode := range []os.FileMode{0o400, 0o600, 0o640} {
		for _, memory := range []int{0, 100} {
			d := NewDraft(dir, memory)
			io.WriteString(d, "text")
			if err := d.Commit(mode, names...); err != nil {
				t.Fatal(err)
			}
			d.Discard()
			for _, name := range names {
				st, err := os.Stat(name)
				if err != nil {
					t.Fatal(err)
				}
				if got := st.Sys().(*syscall.Stat_t).Nlink; got != 3 {
					t.Errorf("%s has %d links, want 3", name, got)
				}
				if got := st.Mode(); got != mode {
					t.Errorf("%s has mode %v, want %v", name, got, mode)
				}
			}
			d.unlink(names)
		}
	}
}

// occupy puts something at name that Commit must not touch.
var occupy = map[string]func(name string) error{
	"file":          func(name string) error { return os.WriteFile(name, []byte("old"), 0o600) },
	"folder":        func(name string) error { return os.Mkdir(name, 0o700) },
	"dangling link": func(name string) error { return os.Symlink("nowhere", name) },
	"fifo":          func(name string) error { return syscall.Mkfifo(name, 0o600) },
}

func TestCommitRefusesWhatExists(t *testing.T) {
	for kind, plant := range occupy {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			free, taken := filepath.Join(dir, "free"), filepath.Join(dir, "taken")
			if err := plant(taken); err != nil {
				t.Fatal(err)
			}
			d := NewDraft(dir, 100)
			defer d.Discard()
			io.WriteString(d, "new")
			err := d.Commit(0o600, free, taken)
			if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "link "+taken) {
				t.Errorf("Commit = %v, want the name and that it exists", err)
			}
			if got := listing(t, dir); !slices.Equal(got, []string{"taken"}) {
				t.Errorf("folder holds %q, want what was there before", got)
			}
			if again := d.Commit(0o600, free); again == nil {
				t.Error("a draft that failed could be committed")
			}
		})
	}
}

func TestCommitLeavesNothingWithoutFolder(t *testing.T) {
	dir := t.TempDir()
	d := NewDraft(dir, 100)
	io.WriteString(d, "new")
	err := d.Commit(0o600, filepath.Join(dir, "a"), filepath.Join(dir, "none", "b"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Commit = %v, want that the folder does not exist", err)
	}
	d.Discard()
	if got := listing(t, dir); len(got) != 0 {
		t.Errorf("folder holds %q, want nothing", got)
	}
}

// A name whose folder could not be made durable is taken back.
func TestCommitFolderFails(t *testing.T) {
	dir := t.TempDir()
	failed := &sharedSync{done: make(chan struct{}), err: syscall.EIO}
	close(failed.done)
	d := NewDraft(dir, 100)
	defer d.Discard()
	d.Syncer = &Syncer{dirs: map[string]*dirSync{dir: {next: failed}}}
	io.WriteString(d, "new")
	if err := d.Commit(0o600, filepath.Join(dir, "a")); !errors.Is(err, syscall.EIO) {
		t.Errorf("Commit = %v, want %v", err, syscall.EIO)
	}
	if got := listing(t, dir); len(got) != 0 {
		t.Errorf("folder holds %q, want nothing", got)
	}
}

func TestCommitOnce(t *testing.T) {
	d := NewDraft(t.TempDir(), 100)
	defer d.Discard()
	if err := d.Commit(0o600); err == nil {
		t.Error("Commit without a name did not fail")
	}
	d = NewDraft(d.dir, 100)
	defer d.Discard()
	if err := d.Commit(0o600, filepath.Join(d.dir, "a")); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(0o600, filepath.Join(d.dir, "b")); err != errCommitted {
		t.Errorf("second Commit = %v, want %v", err, errCommitted)
	}
	if _, err := d.Write([]byte("x")); err != errCommitted {
		t.Errorf("Write after Commit = %v, want %v", err, errCommitted)
	}
}

func TestDiscarded(t *testing.T) {
	d := NewDraft(t.TempDir(), 0)
	writeIn(t, d, text(100_000), 1000)
	d.Discard()
	d.Discard()
	if _, err := d.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Write = %v, want %v", err, os.ErrClosed)
	}
	if err := d.Commit(0o600, filepath.Join(d.dir, "a")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Commit = %v, want %v", err, os.ErrClosed)
	}
	if _, err := d.File(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("File = %v, want %v", err, os.ErrClosed)
	}
	if got := listing(t, d.dir); len(got) != 0 {
		t.Errorf("folder holds %q, want nothing", got)
	}
}

// TestNamedDraft goes the way of systems without unnamed files.
func TestNamedDraft(t *testing.T) {
	dir := t.TempDir()
	named := func() *Draft {
		d := NewDraft(dir, 0)
		var err error
		if d.fd, d.name, err = createTemp(dir, 0o600); err != nil {
			t.Fatal(err)
		}
		d.temp, d.mode = true, 0o600
		writeIn(t, d, text(1000), 100)
		return d
	}
	d := named()
	if f, err := d.File(); err != nil {
		t.Error(err)
	} else {
		f.Close()
	}
	d.Discard()
	if got := listing(t, dir); len(got) != 0 {
		t.Errorf("Discard left %q", got)
	}
	d = named()
	if err := d.Commit(0o600, filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	checkText(t, "after Commit", d, text(1000))
	d.Discard()
	if got := listing(t, dir); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("folder holds %q, want a and b", got)
	}
}
