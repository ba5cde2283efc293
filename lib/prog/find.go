// Package prog finds and runs the programs that a program hands work to. No
// shell has a part in it.
package prog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Places says where programs are kept; place.Places is one.
type Places interface{ Programs() string }

var errName = errors.New("not the name of a program")

// Find gives the path of the sister program called name: from the folder that
// our own executable is in, else from places.Programs(). The name must be
// without a slash. An error that is fs.ErrNotExist names both folders.
func Find(places Places, name string) (string, error) {
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return "", fmt.Errorf("%q: %w", name, errName)
	}
	var dirs []string
	if self, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Dir(self))
	}
	dirs = append(dirs, places.Programs())
	for _, dir := range dirs {
		if path := filepath.Join(dir, name); isProgram(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("program %s is not in %s: %w", name, strings.Join(dirs, " or "), fs.ErrNotExist)
}

// isProgram tells whether path is a regular file that somebody may execute.
func isProgram(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular() && st.Mode().Perm()&0o111 != 0
}
