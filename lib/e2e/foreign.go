package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Foreigner is a user who is not us, and his group.
const Foreigner = 65534

// ForeignDir is a folder of the test's own that belongs to Foreigner, as that of
// a daemon does in which root tries a program. Only root can make it.
func ForeignDir(t testing.TB) string {
	t.Helper()
	NeedRoot(t)
	dir := t.TempDir()
	GiveAway(t, dir)
	return dir
}

// GiveAway gives files to Foreigner.
func GiveAway(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Chown(name, Foreigner, Foreigner); err != nil {
			t.Fatal(err)
		}
	}
}

// GivenAway wants a folder and all below it to belong to Foreigner, and tells how
// many files that are.
func GivenAway(t testing.TB, dir string) (files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		files++
		info, err := e.Info()
		if err != nil {
			return err
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != Foreigner || st.Gid != Foreigner {
			t.Errorf("%s belongs to %d:%d", name, st.Uid, st.Gid)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return files
}
