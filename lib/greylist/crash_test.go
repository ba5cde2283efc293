package greylist

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestKilledWhileAppending: what a process that was killed half-way leaves is
// not believed, and the text is.
func TestKilledWhileAppending(t *testing.T) {
	entries := []Entry{mustSubject(t, "198.51.100.7"), mustSubject(t, "!203.0.113.0/24")}
	steps := []struct {
		name string
		do   func(t *testing.T, s *Store, x *table)
	}{
		{"before the text", func(*testing.T, *Store, *table) {}},
		{"behind the text", appendOnly},
		{"behind the slots", func(t *testing.T, s *Store, x *table) {
			appendOnly(t, s, x)
			insertOnly(t, x, entries)
		}},
		{"within the head", func(t *testing.T, s *Store, x *table) {
			appendOnly(t, s, x)
			insertOnly(t, x, entries)
			st, err := s.stat(whiteName)
			if err != nil {
				t.Fatal(err)
			}
			x.Text = textStateOf(&st)
			x.file.WriteAt(x.head.append(nil)[:48], 0)
		}},
		{"slots without a text", func(t *testing.T, s *Store, x *table) { insertOnly(t, x, entries) }},
		{"while it makes a new index", func(t *testing.T, s *Store, _ *table) {
			os.WriteFile(s.Dir+"/"+newIndex, []byte("half"), 0o644)
			os.Remove(s.Dir + "/" + indexName)
		}},
		{"while it writes a new list", func(t *testing.T, s *Store, _ *table) {
			os.WriteFile(s.Dir+"/"+newWhite, []byte("half"), 0o644)
		}},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			s := testStore(t)
			writeWhite(t, s, padding()+"203.0.113.0/24\n")
			v, err := s.look()
			if err != nil || v.index == nil {
				t.Fatal(v, err)
			}
			x, err := s.openIndex(unix.O_RDWR, v.state)
			if err != nil {
				t.Fatal(err)
			}
			step.do(t, s, x)
			checkAgree(t, s)
			add(t, s, "192.0.2.1")
			checkAgree(t, s)
		})
	}
}

func mustSubject(t *testing.T, word string) Entry {
	t.Helper()
	e, err := ParseSubject(word)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func appendOnly(t *testing.T, s *Store, _ *table) {
	t.Helper()
	shellAppend(t, s.Dir+"/"+whiteName, "198.51.100.7\n!203.0.113.0/24\n")
}

// insertOnly adds slots at the places that appendOnly gives.
func insertOnly(t *testing.T, x *table, entries []Entry) {
	t.Helper()
	at := int64(x.Text.Size)
	for i := range entries {
		if err := x.insert(&entries[i], at); err != nil {
			t.Fatal(err)
		}
		at += int64(len("198.51.100.7\n"))
	}
}

// checkAgree is that a process which looks now finds what is in the text.
func checkAgree(t *testing.T, s *Store) {
	t.Helper()
	for _, addr := range []string{"198.51.100.7", "203.0.113.7", "192.0.2.7", "10.77.0.7"} {
		w := newWanted(query(addr, "bob@example.org"))
		v, err := Open(s.Config).openFiles()
		if err != nil {
			t.Fatal(err)
		}
		_, want, err := v.scanned(w)
		if err != nil {
			t.Fatal(err)
		}
		if _, got, err := Open(s.Config).find(w); got != want || err != nil {
			t.Errorf("%s: %v, %v; the text says %v", addr, got, err, want)
		}
	}
}
