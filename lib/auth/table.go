package auth

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"postern/lib/safefile"
)

// maxUsersFile bounds a file of users, some 100,000 of them.
const maxUsersFile = 16 << 20

// A row is a line that may be an entry; more than its front is looked at only
// when it is wanted.
type row struct {
	name, value string
	scheme      Scheme // "" for one that is not known
	line        int
}

// A table is a file of users as it was at some time. It does not change.
type table struct {
	file fs.FileInfo
	text string
	rows []row
}

// load gives the table, read again if the file was changed or replaced.
func (u *Users) load() (*table, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f, err := safefile.OpenConfig(u.options.File)
	if err != nil {
		return nil, unavailable(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, unavailable(err)
	}
	if u.table != nil && u.table.is(st) {
		return u.table, nil
	}
	if st.Mode().Perm()&0o007 != 0 {
		u.options.Complain(fmt.Errorf("%s may be read by everybody; mode 0640 will do", u.options.File))
	}
	u.table, err = readTable(f, st)
	return u.table, err
}

// is reports whether the table is that of a file.
func (t *table) is(st fs.FileInfo) bool {
	return os.SameFile(t.file, st) && t.file.Size() == st.Size() && t.file.ModTime().Equal(st.ModTime())
}

func readTable(f io.Reader, st fs.FileInfo) (*table, error) {
	text, err := io.ReadAll(io.LimitReader(f, maxUsersFile+1))
	if err == nil && len(text) > maxUsersFile {
		err = fmt.Errorf("%s: more than %d octets", st.Name(), maxUsersFile)
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return &table{file: st, text: string(text), rows: readRows(string(text))}, nil
}

// readRows finds the entries in a file. What is no entry is passed over:
// Verify complains of it.
func readRows(text string) []row {
	var rows []row
	for n, line := range lines(text) {
		if name, value, ok := splitEntry(line); ok {
			scheme, _, _, _ := cutScheme(value)
			rows = append(rows, row{name, value, scheme, n})
		}
	}
	return rows
}

// lines yields the lines that may hold an entry, with their numbers.
func lines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			line = strings.TrimRight(line, "\r\n")
			if strings.TrimSpace(line) == "" || line[0] == '#' {
				continue
			}
			if !yield(n, line) {
				return
			}
		}
	}
}

// find gives the first row of that name; or, with known false, another one to
// take its place. It looks at all rows, to take as long for every name.
func (t *table) find(name string) (r row, known bool) {
	for i := range t.rows {
		if t.rows[i].name == name && !known {
			r, known = t.rows[i], true
		}
	}
	if known {
		return r, true
	}
	if len(t.rows) == 0 {
		return nobody(), false
	}
	return t.rows[pick(name, len(t.rows))], false
}

// nobody stands in for every user of a file that has none.
func nobody() row {
	zeros := strings.Repeat("A", 22)
	return row{name: "nobody", scheme: Argon2Scheme,
		value: fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonPasses, argonLanes, zeros, zeros)}
}

// all reports whether there are users, and each is kept by one of the schemes.
func (t *table) all(schemes ...Scheme) bool {
	for i := range t.rows {
		if !slices.Contains(schemes, t.rows[i].scheme) {
			return false
		}
	}
	return len(t.rows) > 0
}

// Verify reads a file of users and complains of every line that is of no use.
// It returns the entries that are.
func Verify(name string, text []byte) ([]Entry, []error) {
	var entries []Entry
	var faults []error
	seen := make(map[string]int)
	for n, line := range lines(string(text)) {
		e, err := ParseEntry(line)
		if err == nil && seen[e.Name] > 0 {
			err = fmt.Errorf("stands in line %d already, and that one counts", seen[e.Name])
		}
		if err != nil {
			user, _, _ := splitEntry(line)
			faults = append(faults, fmt.Errorf("%s:%d: %s: %w", name, n, user, err))
			continue
		}
		seen[e.Name] = n
		entries = append(entries, e)
	}
	return entries, faults
}

// seedSize is how many octets a seed has.
const seedSize = 32

// seed reads the seed, or makes it. Where there can be none the file of users
// serves: it is secret too, but what is made up changes with it.
func (u *Users) seed(t *table) []byte {
	if u.options.Seed == "" {
		return t.sum()
	}
	seed, err := os.ReadFile(u.options.Seed)
	if errors.Is(err, fs.ErrNotExist) {
		seed, err = makeSeed(u.options.Seed)
	}
	if err == nil && len(seed) < seedSize {
		err = fmt.Errorf("%s: less than %d octets", u.options.Seed, seedSize)
	}
	if err != nil {
		u.options.Complain(fmt.Errorf("no seed: %w", err))
		return t.sum()
	}
	return seed
}

// sum is a digest of the file.
func (t *table) sum() []byte {
	sum := sha256.Sum256([]byte(t.text))
	return sum[:]
}

// makeSeed makes the file, for the owner of its folder, unless another process was
// faster.
func makeSeed(name string) ([]byte, error) {
	if err := safefile.MakeOnce(name, append(salt(), salt()...), 0o600); err != nil {
		return nil, err
	}
	return os.ReadFile(name)
}
