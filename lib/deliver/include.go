package deliver

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"postern/lib/safefile"
)

// readInclude reads the members in an :include: file. It must be a regular
// file, no symbolic link, that nobody but its owner may write. In the file of
// a user other than root and ourselves only addresses may stand: its files
// and commands would be carried out with our rights.
func readInclude(path string) ([]member, error) {
	f, err := safefile.OpenRegular(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, fi, err := safefile.ReadTrusted(f, maxInclude, 0o022)
	if err != nil {
		return nil, err
	}
	list, err := parseMembers(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if trustedOwner(fi) {
		return list, nil
	}
	for _, m := range list {
		if m.kind != address && m.kind != itself {
			return nil, fmt.Errorf("%s: only addresses may stand in a user's file, not %q", path, m.text)
		}
	}
	return list, nil
}

// trustedOwner says whether a file belongs to root or to us.
func trustedOwner(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return ok && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}
