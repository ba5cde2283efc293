package state

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// noon is when most tests begin.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// files are the files below dir, relative to it.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, name)
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// ctx is that of tests which wait for nothing.
var ctx = context.Background()

// take takes n and fails the test unless that is answered by want.
func take(t *testing.T, r Rate, n float64, now time.Time, want bool) time.Duration {
	t.Helper()
	ok, wait, err := r.Take(ctx, n, now)
	if ok != want || err != nil {
		t.Errorf("Take(%v) at %v = %v, %v, %v; want %v", n, now, ok, wait, err, want)
	}
	return wait
}

func TestAddrKey(t *testing.T) {
	tests := []struct{ addr, want string }{
		{"192.0.2.1", "192.0.2.1"},
		{"::ffff:192.0.2.1", "192.0.2.1"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"2001:db8:1:2::", "2001:db8:1:2::"},
		{"2001:db8::1", "2001:db8::"},
		{"fe80::1%eth0", "fe80::"},
		{"::1", "::"},
	}
	for _, tt := range tests {
		if got := AddrKey(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("AddrKey(%s) = %q, want %q", tt.addr, got, tt.want)
		}
	}
	if got := AddrKey(netip.Addr{}); got != "unknown" {
		t.Errorf("AddrKey of the zero address = %q, want unknown", got)
	}
}

// Keys from the network stay in their folder, whatever they are.
func TestHostileKeys(t *testing.T) {
	dir := t.TempDir()
	s := Open(dir + "/store")
	keys := []string{"", ".", "..", "../../x", "/etc/passwd", "a/b", "a\x00b", "a\nb", "-rf",
		strings.Repeat("x", 5000), "\xff", "%41", "sweep", "k", "k.0", ".hidden"}
	for i, key := range keys {
		value := []byte{byte(i)}
		if err := s.Cache("../c").Put(key, value, noon, time.Hour); err != nil {
			t.Errorf("Put(%q): %v", key, err)
		}
		take(t, s.Rate(key, 1, 1), 1, noon, true)
		slot, err := s.Slot(context.Background(), key, 1)
		if err != nil {
			t.Errorf("Slot(%q): %v", key, err)
			continue
		}
		defer slot.Release()
	}
	for i, key := range keys {
		got, ok, err := s.Cache("../c").Get(key, noon)
		if !ok || err != nil || got[0] != byte(i) {
			t.Errorf("Get(%q) = %v, %v, %v; want %v", key, got, ok, err, i)
		}
		take(t, s.Rate(key, 1, 1), 1, noon, false)
	}
	if got, want := len(files(t, dir)), len(files(t, dir+"/store")); got != want || want != 3*len(keys) {
		t.Errorf("%d files, %d of them in the store; want %d", got, want, 3*len(keys))
	}
}

// Links and FIFOs that somebody has put into the store lead nowhere and block
// nobody.
func TestPlantedFiles(t *testing.T) {
	plants := map[string]func(name string) error{
		"link":   func(name string) error { return os.Symlink("/etc/passwd", name) },
		"fifo":   func(name string) error { return syscall.Mkfifo(name, 0o600) },
		"folder": func(name string) error { return os.Mkdir(name, 0o700) },
	}
	for what, plant := range plants {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			s := Open(dir)
			for _, name := range []string{keyName(rateFolder, "k"), keyName(cacheFolder+"/c", "k")} {
				name = filepath.Join(dir, name)
				os.MkdirAll(filepath.Dir(name), 0o700)
				if err := plant(name); err != nil {
					t.Fatal(err)
				}
			}
			if ok, _, err := s.Rate("k", 1, 1).Take(ctx, 1, noon); ok || err == nil {
				t.Errorf("Take = %v, %v; want an error", ok, err)
			}
			if _, ok, err := s.Cache("c").Get("k", noon); ok || err == nil {
				t.Errorf("Get = %v, %v; want an error", ok, err)
			}
		})
	}
}

func TestFolderRemoved(t *testing.T) {
	dir := t.TempDir() + "/store"
	s := Open(dir)
	if _, ok, err := s.Cache("c").Get("k", noon); ok || err != nil {
		t.Errorf("Get = %v, %v; want a miss", ok, err)
	}
	if ok, _, err := s.Rate("k", 1, 1).Peek(ctx, 1, noon); !ok || err != nil {
		t.Errorf("Peek = %v, %v; want room", ok, err)
	}
	if n, err := s.Sweep(context.Background(), noon); n != 0 || err != nil {
		t.Errorf("Sweep = %d, %v; want nothing", n, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking has made the store: %v", err)
	}
	for range 3 {
		take(t, s.Rate("k", 1, 1), 1, noon, true)
		take(t, s.Rate("k", 1, 1), 1, noon, false)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
}

func TestErrorsSayWhere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/rate", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := Open(dir).Rate("k", 1, 1).Take(ctx, 1, noon)
	if !errors.Is(err, syscall.ENOTDIR) || !strings.Contains(err.Error(), "open "+dir+"/"+keyName(rateFolder, "k")) {
		t.Errorf("Take = %v, want ENOTDIR and the name", err)
	}
	err = Open(dir).Cache("c").Put("k", make([]byte, MaxValue+1), noon, time.Hour)
	if !errors.Is(err, ErrTooLong) {
		t.Errorf("Put = %v, want %v", err, ErrTooLong)
	}
	_, err = Open(dir).Slot(context.Background(), "k", 0)
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), `slot "k"`) {
		t.Errorf("Slot of none = %v, want %v", err, ErrFull)
	}
}
