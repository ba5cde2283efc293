package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// moduleRoot is the folder of go.mod. Tests run in their package's folder.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir != "/" {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the test")
	return ""
}

// needPackage skips the test while a program's folder is not there.
func needPackage(t testing.TB, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(moduleRoot(t), dir)); err != nil {
		t.Skipf("%s is not there", dir)
	}
}
