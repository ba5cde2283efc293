package queue

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDamaged(t *testing.T) {
	good := string(appendHead(nil, envelope("a", "b"), time.Now()))
	tests := map[string]string{
		"empty":            "",
		"no head":          "\n",
		"cut in the head":  good[:len(good)/2],
		"cut at the end":   good[:len(good)-1],
		"a recipient less": good[:len(good)-1-strings.Index(good, "\n")] + "\n",
		"a line less":      good[:strings.Index(good, "recipient=b")] + "\n",
		"garbage":          strings.Repeat("\x00\xff", 5000),
		"endless line":     strings.Repeat("x", 100<<10),
		"state malformed":  strings.Replace(good, " state=", " stale=", 1),
		"no sender":        strings.Replace(good, "sender=", "slender=", 1),
	}
	for name, text := range tests {
		q := open(t)
		healthy := add(t, q, envelope("a"), "")
		ref := newRef("broken1")
		if err := os.WriteFile(filepath.Join(q.Dir(), ref.path()), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := q.Find(ref.ID); err != nil || got.Place != New {
			t.Errorf("%s: Find: %v, %v", name, got, err)
		}
		if _, err := q.Look(ref); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: Look: %v", name, err)
		}
		if _, err := q.Take(ref); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: Take: %v", name, err)
		}
		if got, err := q.Find(ref.ID); err != nil || got.Place != Damaged {
			t.Errorf("%s: not set aside: %v, %v", name, got, err)
		}
		if got := ids(t, q, time.Now()); !slices.Equal(got, []string{healthy}) {
			t.Errorf("%s: due %q, want only %q", name, got, healthy)
		}
	}
}

// Whoever may write into the queue may not make us wait, or touch what lies
// outside.
func TestPlanted(t *testing.T) {
	q := open(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	plant := map[string]func(name string) error{
		"fifo":    mkfifo,
		"folder":  func(name string) error { return os.Mkdir(name, 0o700) },
		"symlink": func(name string) error { return os.Symlink(outside, name) },
	}
	for id, f := range plant {
		ref := newRef(id)
		if err := f(filepath.Join(q.Dir(), ref.path())); err != nil {
			t.Fatal(err)
		}
		if e, err := q.Take(ref); err == nil {
			t.Errorf("%s: taken: %+v", id, e)
		}
		if _, err := q.Look(ref); err == nil {
			t.Errorf("%s: read", id)
		}
	}
	if got, err := os.ReadFile(outside); err != nil || string(got) != "precious" {
		t.Errorf("outside: %q, %v", got, err)
	}
}

// A folder that cannot be read, for which a link to itself stands here, says
// nothing of what is in it.
func TestUnreadable(t *testing.T) {
	q := open(t)
	id := add(t, q, envelope("a"), "")
	e, err := q.Get(id)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	folder := filepath.Join(q.Dir(), filepath.Dir(e.path()))
	if err := os.Rename(folder, folder+"~"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Base(folder), folder); err != nil {
		t.Fatal(err)
	}
	if err := e.inPlace(); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("an entry that was taken: %v", err)
	}
	if _, err := q.Find(id); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("Find: %v", err)
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Find(id); !errors.Is(err, ErrNotFound) {
		t.Errorf("Find where a file stands for the folder: %v", err)
	}
}
