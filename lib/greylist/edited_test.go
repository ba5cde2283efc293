package greylist

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestEdited: a person changes the list, and every process knows.
func TestEdited(t *testing.T) { checkEdits(t, testStore(t)) }

func checkEdits(t *testing.T, s *Store) {
	t.Helper()
	pad := padding()
	file := s.Dir + "/" + whiteName
	steps := []struct {
		name   string
		change func()
		want   bool
	}{
		{"written", func() { writeWhite(t, s, pad+"198.51.100.7/32\n") }, true},
		{"one octet changed in place", func() { patch(t, file, int64(len(pad)), "198.51.100.8/32\n") }, false},
		{"changed back in the middle", func() { patch(t, file, 0, "198.51.100.7/32 \n") }, true},
		{"appended by a shell", func() { shellAppend(t, file, "!198.51.100.7/32\n") }, false},
		{"appended by another process", func() { add(t, Open(s.Config), "198.51.100.7") }, true},
		{"replaced by a new file", func() { replaceFile(t, file, pad) }, false},
		{"cut short in place", func() { patch(t, file, 0, "198.51.100.7/32 \n"); os.Truncate(file, 17) }, true},
		{"removed", func() { os.Remove(file) }, false},
		{"appended to nothing", func() { add(t, s, "198.51.100.7") }, true},
		{"another is written about", func() { writeWhite(t, s, pad+"198.51.100.8/32\n") }, false},
		{"who is in no index, in place", func() { patch(t, file, int64(len(pad)), "198.51.100.7/32\n") }, true},
		{"the index is gone", func() { writeWhite(t, s, pad+"198.51.100.7\n"); os.Remove(s.Dir + "/" + indexName) }, true},
		{"the index is damaged", func() { os.WriteFile(s.Dir+"/"+indexName, []byte("x"), 0o644) }, true},
	}
	for _, step := range steps {
		step.change()
		for name, who := range map[string]*Store{"the same process": s, "another": Open(s.Config)} {
			d, err := who.Look(query("198.51.100.7", "bob@example.org"), noon)
			if got := d.State == White; got != step.want || err != nil {
				t.Errorf("%s: %s: %v, %v; want %v", step.name, name, got, err, step.want)
			}
		}
	}
}

func patch(t *testing.T, file string, at int64, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(text), at); err != nil {
		t.Fatal(err)
	}
}

func shellAppend(t *testing.T, file, text string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func replaceFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+"~", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+"~", file); err != nil {
		t.Fatal(err)
	}
}

// TestAppendToHalfALine: a line without an end does not swallow the next.
func TestAppendToHalfALine(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, "# by hand\n203.0.113.0/24")
	add(t, s, "198.51.100.7")
	if got, want := readWhite(t, s), "# by hand\n203.0.113.0/24\n198.51.100.7\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAppendsKeepTheIndex: lines of ours do not make it anew, until it is full.
func TestAppendsKeepTheIndex(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, padding())
	inode := func() (n uint64) {
		st, err := s.stat(indexName)
		if err != nil {
			t.Fatal(err)
		}
		return uint64(st.Ino)
	}
	add(t, s, "192.0.2.1")
	first := inode()
	changed := 0
	for i := range 4000 {
		add(t, s, fmt.Sprintf("172.16.%d.%d/32", i>>8, i&255))
		if now := inode(); now != first {
			first = now
			changed++
		}
	}
	if changed == 0 || changed > 4 {
		t.Errorf("4000 lines made %d new indexes, want a few", changed)
	}
	for _, addr := range []string{"192.0.2.1", "172.16.0.0", "172.16.7.7", "172.16.15.159"} {
		v, err := s.look()
		if err != nil || v.index == nil {
			t.Fatalf("no index: %v", err)
		}
		_, ok, err := v.indexed(newWanted(query(addr, "x@example.org")))
		if !ok || err != nil {
			t.Errorf("%s: %v, %v", addr, ok, err)
		}
	}
}

// TestIndexIsWaitedFor: while one process makes an index of a long text, others
// do not read all of the text.
func TestIndexIsWaitedFor(t *testing.T) {
	s := testStore(t)
	writeWhite(t, s, strings.Repeat(padding(), 64)+"198.51.100.7\n")
	l, err := s.lock(whiteLock, 0)
	if err != nil {
		t.Fatal(err)
	}
	indexed := make(chan bool)
	go func() {
		v, err := Open(s.Config).look()
		indexed <- err == nil && v.index != nil
	}()
	if err := s.reindexNow(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if !<-indexed {
		t.Error("the index was not waited for")
	}
}
