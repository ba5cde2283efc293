package safefile

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tempPrefix begins the names of files that are not finished, where a file
// cannot be without a name.
const tempPrefix = ".tmp."

// tempTries bounds the search for a name that is free.
const tempTries = 100

// createTemp makes a new file with a name of its own in dir.
func createTemp(dir string, mode os.FileMode) (fd int, name string, err error) {
	for range tempTries {
		name = filepath.Join(dir, tempPrefix+strconv.Itoa(os.Getpid())+"."+strconv.FormatUint(rand.Uint64(), 36))
		fd, err = open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return fd, name, err
}

// Sweep removes the unfinished files in dir that have not been touched for age,
// left there by processes that were killed. Only file systems without unnamed
// files, and WriteFile, leave any.
func Sweep(dir string, age time.Duration, now time.Time) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), tempPrefix) || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil || now.Sub(info.ModTime()) < age {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
