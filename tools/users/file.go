package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"postern/lib/safefile"
)

const (
	lockWait = 10 * time.Second // for another who edits the file
	group    = "postern"        // who may read a file that root makes
)

// edit changes the file in one step: whoever reads it sees it before or after.
// Two who edit it at once do so one after the other.
func edit(name string, change func([]byte) ([]byte, error)) error {
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	if err := safefile.Lock(ctx, dir); err != nil {
		return err
	}
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if text, err = change(text); err != nil {
		return err
	}
	return write(name, text)
}

// write replaces the file, which keeps its owner and its mode. A new one is
// readable for nobody else, but for smtpd's group when root makes it.
func write(name string, text []byte) error {
	mode, uid, gid := fs.FileMode(0o600), -1, -1
	if st, err := os.Stat(name); err == nil {
		mode = st.Mode().Perm()
		if sys, ok := st.Sys().(*syscall.Stat_t); ok {
			uid, gid = int(sys.Uid), int(sys.Gid)
		}
	} else if g, err := user.LookupGroup(group); err == nil && os.Getuid() == 0 {
		mode, uid = 0o640, 0
		gid, _ = strconv.Atoi(g.Gid)
	}
	if err := safefile.WriteFile(name, text, mode); err != nil {
		return err
	}
	if uid < 0 || uid == os.Getuid() && gid == os.Getgid() {
		return nil
	}
	return os.Chown(name, uid, gid)
}

// find gives the line of a user.
func find(text []byte, name string) (string, bool) {
	for line := range strings.Lines(string(text)) {
		if isEntry(line, name) {
			return strings.TrimRight(line, "\r\n"), true
		}
	}
	return "", false
}

// replace puts an entry in the place of a user's line, or at the end; without
// an entry the line goes. Comments and other lines stay as they are.
func replace(text []byte, name, entry string) ([]byte, error) {
	var out strings.Builder
	found := false
	for line := range strings.Lines(string(text)) {
		if !isEntry(line, name) {
			out.WriteString(strings.TrimRight(line, "\n") + "\n")
			continue
		}
		if entry != "" && !found {
			out.WriteString(entry + "\n")
		}
		found = true
	}
	switch {
	case !found && entry == "":
		return nil, errNoUser
	case !found:
		out.WriteString(entry + "\n")
	}
	return []byte(out.String()), nil
}

// isEntry says whether a line is about a user.
func isEntry(line, name string) bool {
	rest, ok := strings.CutPrefix(line, name)
	return ok && strings.HasPrefix(rest, ":")
}
